//! Wires data, rendering and commands; shared by window and command line.
