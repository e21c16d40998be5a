//! Numbers, positions, times and units as the window writes them.
