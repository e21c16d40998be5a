//! CF times: "units since epoch" in every CF calendar.
