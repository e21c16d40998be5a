//! `--stretch` and `--gamma`: how three fields become red, green and blue.

use seaglass_core::style::RgbStyle;

use super::{Exit, Failure, numbers};

/// Red, green, blue.
const CHANNELS: usize = 3;
/// What leaves a channel to its data.
const AUTO: &str = "auto";

/// What the two options say, over what `--style` said; nothing where neither is given.
pub fn rgb(stretch: &[String], gamma: Option<&str>, before: Option<&RgbStyle>) -> Result<Option<RgbStyle>, Failure> {
    if stretch.is_empty() && gamma.is_none() {
        return Ok(None);
    }
    let mut rgb = before.cloned().unwrap_or_default();
    if !stretch.is_empty() {
        let ranges = stretch.iter().map(|text| ends(text)).collect::<Result<Vec<_>, _>>()?;
        rgb.ranges = each(&ranges).ok_or_else(|| usage("--stretch must be given once, or once for each channel."))?;
    }
    if let Some(text) = gamma {
        let numbers: Option<Vec<f32>> = text.split(',').map(|n| n.trim().parse().ok()).collect();
        let all = numbers.as_deref().and_then(each);
        rgb.gamma = all.ok_or_else(|| {
            usage(&format!(
                "--gamma takes one number or one for each channel, for example 1.4 or 1.4,1.2,1, not \"{text}\"."
            ))
        })?;
    }
    match rgb.fault() {
        None => Ok(Some(rgb)),
        Some(fault) => Err(usage(&format!("--stretch and --gamma: {fault}."))),
    }
}

fn usage(message: &str) -> Failure {
    Failure::new(Exit::Usage, message.to_owned())
}

/// One for all channels, or one for each.
fn each<T: Copy>(given: &[T]) -> Option<[T; CHANNELS]> {
    match given {
        [all] => Some([*all; CHANNELS]),
        other => other.try_into().ok(),
    }
}

/// The values shown black and full; none where the data are to say.
fn ends(text: &str) -> Result<Option<[f64; 2]>, Failure> {
    if text.trim() == AUTO {
        return Ok(None);
    }
    let range = numbers::range(text)?;
    if !range.unit.is_empty() {
        return Err(usage(&format!("--stretch takes values in the unit of the file, not \"{text}\".")));
    }
    Ok(Some(range.ends))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(stretch: &[&str], gamma: Option<&str>) -> Result<Option<RgbStyle>, String> {
        let stretch: Vec<String> = stretch.iter().map(|s| (*s).to_owned()).collect();
        rgb(&stretch, gamma, None).map_err(|f| f.message)
    }

    #[test]
    fn one_is_for_all_channels_and_three_are_for_each() {
        assert_eq!(of(&[], None), Ok(None));
        let all = of(&["0,0.2"], Some("1.4")).unwrap().unwrap();
        assert_eq!((all.ranges, all.gamma), ([Some([0.0, 0.2]); 3], [1.4; 3]));
        let each = of(&["-1,2", "auto", "0.5,3"], Some("1, 2,0.5")).unwrap().unwrap();
        assert_eq!((each.ranges, each.gamma), ([Some([-1.0, 2.0]), None, Some([0.5, 3.0])], [1.0, 2.0, 0.5]));
    }

    #[test]
    fn they_win_over_settings_of_the_style_and_leave_the_rest() {
        let before = RgbStyle { ranges: [Some([1.0, 2.0]); 3], gamma: [3.0; 3] };
        let after = rgb(&["0,1".to_owned()], None, Some(&before)).unwrap_or_else(|f| panic!("{}", f.message)).unwrap();
        assert_eq!((after.ranges, after.gamma), ([Some([0.0, 1.0]); 3], [3.0; 3]));
    }

    #[test]
    fn what_makes_no_sense_is_a_sentence() {
        for (stretch, gamma) in [
            (&["0,1", "0,1"][..], None),
            (&["1,0"], None),
            (&["0"], None),
            (&["0,1K"], None),
            (&[], Some("1,2")),
            (&[], Some("bright")),
            (&[], Some("0")),
            (&[], Some("-1,1,1")),
            (&[], Some("nan")),
        ] {
            let said = of(stretch, gamma).unwrap_err();
            assert!(said.ends_with('.') && !said.contains('\n'), "{stretch:?} {gamma:?}: {said}");
        }
    }
}
