//! Which field of a vector is the eastward one, and which colour a channel is, as far as names say.

/// Words for eastward and northward in names of fields.
const WORDS: [(&str, &str); 3] = [("eastward", "northward"), ("zonal", "meridional"), ("east", "north")];
/// Letters for the same.
const LETTERS: [(char, char); 2] = [('u', 'v'), ('x', 'y')];
/// Words and letters for the three colours.
const COLOURS: [(&str, &str); 3] = [("red", "r"), ("green", "g"), ("blue", "b")];

/// The order in which the fields of a variable are drawn: eastward and northward, or red, green and blue, where names say
/// which is which; else as the user has named them.
pub(super) fn drawing_order(fields: &[String]) -> Vec<usize> {
    let names: Vec<String> = fields.iter().map(|f| f.to_lowercase()).collect();
    match names.as_slice() {
        [first, second] if is_north_and_east(first, second) => vec![1, 0],
        [_, _, _] => {
            let channels: Vec<Option<usize>> = names.iter().map(|n| channel(n)).collect();
            let found: Vec<usize> =
                (0..3).filter_map(|colour| channels.iter().position(|c| *c == Some(colour))).collect();
            if found.len() == 3 { found } else { vec![0, 1, 2] }
        }
        all => (0..all.len()).collect(),
    }
}

/// Whether names say that the northward component stands before the eastward one.
fn is_north_and_east(first: &str, second: &str) -> bool {
    let says = |name: &str, this: &str, other: &str| name.contains(this) && !name.contains(other);
    if let Some((east, north)) = WORDS.iter().find(|(e, n)| says(first, n, e) && says(second, e, n)) {
        return !(says(first, east, north) || says(second, north, east));
    }
    // Alike but for one letter: `vgos` and `ugos`, `wind_v` and `wind_u`.
    let mut differing = first.chars().zip(second.chars()).filter(|(a, b)| a != b);
    let letters = differing.next();
    first.chars().count() == second.chars().count()
        && differing.next().is_none()
        && LETTERS.iter().any(|(east, north)| letters == Some((*north, *east)))
}

/// 0 for red, 1 for green, 2 for blue.
fn channel(name: &str) -> Option<usize> {
    let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).collect();
    COLOURS.iter().position(|(word, letter)| words.iter().any(|w| w == word || w == letter))
}

#[cfg(test)]
mod tests {
    use super::drawing_order;

    fn order<const N: usize>(names: [&str; N]) -> Vec<usize> {
        drawing_order(&names.map(str::to_owned))
    }

    #[test]
    fn names_say_which_component_is_the_eastward_one() {
        for northward_first in [
            ["northward", "eastward"],
            ["northward_wind", "eastward_wind"],
            ["meridional", "zonal"],
            ["v", "u"],
            ["V", "U"],
            ["vgos", "ugos"],
            ["v10", "u10"],
            ["wind_v", "wind_u"],
            ["vec_V", "vec_U"],
            ["y_wind", "x_wind"],
            ["North", "East"],
        ] {
            assert_eq!(order(northward_first), [1, 0], "{northward_first:?}");
            let [a, b] = northward_first;
            assert_eq!(order([b, a]), [0, 1]);
        }
        // Names that say nothing: the first one is the eastward one.
        for nothing in [["a", "b"], ["first", "second"], ["speed", "direction"], ["v1", "w1"], ["value", "unit"]] {
            assert_eq!(order(nothing), [0, 1], "{nothing:?}");
        }
        assert_eq!(order(["sst"]), [0]);
    }

    #[test]
    fn names_say_which_channel_is_which_colour() {
        assert_eq!(order(["blue", "green", "red"]), [2, 1, 0]);
        assert_eq!(order(["B", "R", "G"]), [1, 2, 0]);
        assert_eq!(order(["band_red", "band_green", "band_blue"]), [0, 1, 2]);
        assert_eq!(order(["a", "b", "c"]), [0, 1, 2]);
        assert_eq!(order(["red", "red", "blue"]), [0, 1, 2], "not all three");
    }
}
