//! Cycles and passes of altimeters, as the names of their files tell.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// How files of repeating orbits begin: SWOT, Sentinel-6, Sentinel-3, Jason, SARAL.
const MISSIONS: [&str; 10] = ["SWOT_", "S6A_", "S6B_", "S3A_", "S3B_", "S3C_", "JA1_", "JA2_", "JA3_", "SRL_"];

/// A pass of a cycle: half an orbit from one turning latitude to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pass {
    /// Cycle.
    pub cycle: u16,
    /// Pass within the cycle.
    pub pass: u16,
}

impl Pass {
    /// What the name of a file tells, or of the folder it lies in.
    pub fn of(path: &Path) -> Option<Self> {
        let name = |p: &Path| p.file_name().map(|n| n.to_string_lossy().into_owned());
        named(&name(path)?).or_else(|| named(&name(path.parent()?)?))
    }

    /// `cycle 26, pass 165`.
    pub fn text(self) -> String {
        format!("cycle {}, pass {}", self.cycle, self.pass)
    }
}

/// What is counted when the clock moves along an orbit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrbitStep {
    /// Half an orbit.
    Pass,
    /// Two passes: the next one of the same direction, northwards or southwards.
    Orbit,
    /// The same pass of the next cycle, over the same ground.
    Cycle,
}

impl OrbitStep {
    /// Whether `other` is a stop when one stands at `here`.
    pub fn stops_at(self, here: Pass, other: Pass) -> bool {
        match self {
            Self::Pass => other != here,
            // Passes are counted from 1 without gaps and every mission has an even number a cycle: parity is direction.
            Self::Orbit => other != here && other.pass % 2 == here.pass % 2,
            Self::Cycle => other.cycle != here.cycle && other.pass == here.pass,
        }
    }

    /// Word for people.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Orbit => "pass of the same direction",
            Self::Cycle => "cycle with this pass",
        }
    }
}

fn number(token: &str, digits: std::ops::RangeInclusive<usize>) -> Option<u16> {
    (digits.contains(&token.len()) && token.bytes().all(|b| b.is_ascii_digit())).then(|| token.parse().ok())?
}

fn named(name: &str) -> Option<Pass> {
    if !MISSIONS.iter().any(|m| name.starts_with(m)) {
        return None;
    }
    let tokens: Vec<&str> = name.split(['_', '.']).filter(|t| !t.is_empty()).collect();
    tokens.windows(2).find_map(|pair| {
        // `2PeP001_002` of Jason and SARAL, whose passes have up to four digits; `026_165` of the others.
        let cycle = match pair[0].strip_prefix("2P").and_then(|t| t.split_once('P')) {
            Some((_, cycle)) => (number(cycle, 3..=3)?, 3..=4),
            None => (number(pair[0], 3..=3)?, 3..=3),
        };
        Some(Pass { cycle: cycle.0, pass: number(pair[1], cycle.1)? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of real files, numbers read off the documents of their producers.
    #[test]
    fn names_tell_cycle_and_pass() {
        let of = |name: &str| Pass::of(Path::new(name)).map(|p| (p.cycle, p.pass));
        for (name, known) in [
            ("/d/SWOT_L3_LR_SSH_Expert_026_165_20241229T165806_20241229T174933_v2.0.1.nc", (26, 165)),
            ("SWOT_L2_HR_RiverSP_Reach_007_468_NA_20220820T211105_20220820T211330_PGA0_01.zip", (7, 468)),
            ("SWOT_L2_HR_Raster_100m_UTM10T_N_x_x_x_008_262_030F_20231223T1_20231223T2_PIC0_01.nc", (8, 262)),
            ("S6A_P4_2__HR_RED__NR_014_191_20210403T004056_20210403T005056_F00.nc", (14, 191)),
            ("JA1_GPN_2PeP001_002_20020115_060706_20020115_070316.nc", (1, 2)),
            ("JA3_GPS_2PdP034_070_20170113_002000_20170113_011613.nc", (34, 70)),
            ("SRL_GPN_2PfP001_0641_20130405_000000_20130405_005000.CNES.nc", (1, 641)),
            (
                "S3A_SR_2_WAT____20191021T095200_20191021T104139_2979_050_722______MAR_O_NT_003.SEN3/enhanced_measurement.nc",
                (50, 722),
            ),
        ] {
            assert_eq!(of(name), Some(known), "{name}");
        }
        for name in [
            "dt_global_allsat_phy_l4_20190101_20190515.nc",
            "cmems_obs-sl_glo_phy-ssh_001_024.nc",
            "SWOT_GS.nc",
            "S6A_P4_2__HR_RED.nc",
            "enhanced_measurement.nc",
        ] {
            assert_eq!(of(name), None, "{name}");
        }
    }
}
