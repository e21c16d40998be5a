// What a way of drawing cells needs; what it does not is left out when its pipeline is made. Mirrored by `Look` in
// src/render/look.rs.

// Light on slopes.
override LIT: bool = true;
// Interpolated between values.
override SMOOTH: bool = true;
// Rows are looked at for their times.
override TIMED: bool = true;
