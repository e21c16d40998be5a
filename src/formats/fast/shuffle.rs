//! HDF5's shuffle filter undone.

/// Puts the elements from number `from` on in order: byte `b` of element `k` of `n` lies at `b · n + k`.
pub fn unshuffle(planes: &[u8], size: usize, from: usize, out: &mut [u8]) {
    let (n, len) = (planes.len() / size, out.len() / size);
    let plane = |b: usize| &planes[b * n + from..][..len];
    match size {
        2 => {
            for ((o, a), b) in out.as_chunks_mut::<2>().0.iter_mut().zip(plane(0)).zip(plane(1)) {
                *o = [*a, *b];
            }
        }
        4 => {
            let (ab, cd) = (plane(0).iter().zip(plane(1)), plane(2).iter().zip(plane(3)));
            for ((o, (a, b)), (c, d)) in out.as_chunks_mut::<4>().0.iter_mut().zip(ab).zip(cd) {
                *o = [*a, *b, *c, *d];
            }
        }
        8 => eight(std::array::from_fn(plane), out),
        _ => {
            for b in 0..size {
                out.iter_mut().skip(b).step_by(size).zip(plane(b)).for_each(|(o, x)| *o = *x);
            }
        }
    }
}

/// Elements of eight bytes, eight at a time: a square of bytes is turned over its diagonal.
fn eight(planes: [&[u8]; 8], out: &mut [u8]) {
    let blocks = planes.map(|p| p.as_chunks::<8>().0);
    let (squares, rest) = out.as_chunks_mut::<64>();
    let done = squares.len() * 8;
    for (k, square) in squares.iter_mut().enumerate() {
        let turned = transposed(blocks.map(|b| u64::from_le_bytes(b[k])));
        for (element, bytes) in square.as_chunks_mut::<8>().0.iter_mut().zip(turned) {
            *element = bytes.to_le_bytes();
        }
    }
    for (k, element) in rest.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        *element = planes.map(|p| p[done + k]);
    }
}

/// Eight rows of eight bytes become columns: quarters change places, then the quarters of these, then of those (Warren,
/// Hacker's Delight, 7-3, with bytes for bits).
fn transposed(mut rows: [u64; 8]) -> [u64; 8] {
    const STEPS: [(usize, u32, u64); 3] =
        [(4, 32, 0x0000_0000_ffff_ffff), (2, 16, 0x0000_ffff_0000_ffff), (1, 8, 0x00ff_00ff_00ff_00ff)];
    for (apart, shift, mask) in STEPS {
        for k in (0..8).filter(|k| k & apart == 0) {
            let change = (rows[k] >> shift ^ rows[k + apart]) & mask;
            rows[k + apart] ^= change;
            rows[k] ^= change << shift;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unshuffling_restores_the_elements() {
        for size in [1usize, 2, 3, 4, 8] {
            let plain: Vec<u8> = (0..size * 37).map(|k| (k * 7 % 251) as u8).collect();
            let n = plain.len() / size;
            let shuffled: Vec<u8> = (0..plain.len()).map(|k| plain[(k % n) * size + k / n]).collect();
            for (from, to) in [(0, 37), (0, 1), (5, 30), (36, 37), (20, 20), (3, 19)] {
                let mut back = vec![0; (to - from) * size];
                unshuffle(&shuffled, size, from, &mut back);
                assert_eq!(back, plain[from * size..to * size], "{size} bytes, {from}..{to}");
            }
        }
    }
}
