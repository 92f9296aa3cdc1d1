//! What stands before the coefficients of a sequential JPEG (ITU-T T.81, annex B).

use super::huffman::Table;
use std::rc::Rc;

/// A file of the usual kind: one scan of one or three components.
pub(super) struct Header<'a> {
    /// Bits of a pixel, 8 or 12.
    pub(super) bits: u8,
    pub(super) width: usize,
    pub(super) height: usize,
    /// The first has as many blocks in a unit as any other.
    pub(super) components: Vec<Component>,
    /// Units between restarts; 0 if there are none.
    pub(super) interval: usize,
    /// Coefficients, up to the end of the file.
    pub(super) scan: &'a [u8],
}

/// Luma or a colour.
pub(super) struct Component {
    /// Blocks in a unit, from left to right.
    pub(super) across: usize,
    /// And from top to bottom.
    pub(super) down: usize,
    /// What coefficients are multiplied by, in the order in which they are stored.
    pub(super) scales: [u16; 64],
    /// Codes of a block's first coefficient.
    pub(super) first: Rc<Table>,
    /// Codes of the others.
    pub(super) others: Rc<Table>,
}

/// What segments have said so far.
#[derive(Default)]
struct Said {
    scales: [Option<[u16; 64]>; 4],
    /// For first and for other coefficients.
    codes: [[Option<Rc<Table>>; 4]; 2],
    interval: usize,
    frame: Option<Frame>,
    /// What an Adobe segment says of colours.
    transform: Option<u8>,
}

struct Frame {
    bits: u8,
    width: usize,
    height: usize,
    /// Number, sampling (across and down, four bits each) and scales.
    components: Vec<[u8; 3]>,
}

impl<'a> Header<'a> {
    /// Reads up to the scan; `None` for a file of another kind, or one that is wrong.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Header<'a>> {
        let mut rest = bytes.strip_prefix(&[0xFF, 0xD8])?;
        let mut said = Said::default();
        loop {
            rest = rest.strip_prefix(&[0xFF])?;
            // Any number of fill bytes may stand before a marker.
            let (&marker, behind) = rest.split_first()?;
            if marker == 0xFF {
                continue;
            }
            let length = usize::from(u16::from_be_bytes(*behind.first_chunk()?));
            let segment = behind.get(2..length)?;
            rest = &behind[length..];
            match marker {
                0xC0 | 0xC1 => said.frame(segment)?,
                0xC4 => said.codes(segment)?,
                0xDB => said.scales(segment)?,
                0xDD => said.interval = usize::from(u16::from_be_bytes(segment.try_into().ok()?)),
                0xDA => return said.header(segment, rest),
                0xEE if segment.starts_with(b"Adobe") => said.transform = Some(*segment.get(11)?),
                0xE0..=0xEF | 0xFE => {}
                _ => return None,
            }
        }
    }
}

impl Said {
    fn frame(&mut self, segment: &[u8]) -> Option<()> {
        let [bits @ (8 | 12), tall, high, wide, broad, count, components @ ..] = segment else {
            return None;
        };
        let (components, []) = components.as_chunks::<3>() else { return None };
        let height = usize::from(u16::from_be_bytes([*tall, *high]));
        let width = usize::from(u16::from_be_bytes([*wide, *broad]));
        let is_usual = [1, 3].contains(count) && components.len() == usize::from(*count);
        let components = components.to_vec();
        (is_usual && width > 0 && height > 0 && self.frame.is_none()).then(|| {
            self.frame = Some(Frame { bits: *bits, width, height, components });
        })
    }

    fn codes(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((&kind, behind)) = segment.split_first() {
            let counts: &[u8; 16] = behind.first_chunk()?;
            let count = counts.iter().map(|&count| usize::from(count)).sum();
            let values = behind[16..].get(..count)?;
            let place = self.codes.get_mut(usize::from(kind >> 4))?;
            *place.get_mut(usize::from(kind & 15))? = Some(Rc::new(Table::new(counts, values)?));
            segment = &behind[16 + count..];
        }
        Some(())
    }

    fn scales(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((&kind, behind)) = segment.split_first() {
            let size = 1 + usize::from(kind >> 4);
            let bytes = behind.get(..64 * size)?;
            let scales = match size {
                1 => bytes.first_chunk::<64>()?.map(u16::from),
                // For pixels of twelve bits.
                2 => bytes.as_chunks::<2>().0.first_chunk::<64>()?.map(u16::from_be_bytes),
                _ => return None,
            };
            *self.scales.get_mut(usize::from(kind & 15))? = Some(scales);
            segment = &behind[64 * size..];
        }
        Some(())
    }

    /// Everything, where the scan is the only one.
    fn header<'a>(self, segment: &[u8], scan: &'a [u8]) -> Option<Header<'a>> {
        let frame = self.frame.as_ref()?;
        let (&count, chosen) = segment.split_first()?;
        let (chosen, way) = chosen.split_at_checked(2 * usize::from(count))?;
        let chosen = chosen.as_chunks::<2>().0;
        // All coefficients with all their bits.
        if way != [0, 63, 0] {
            return None;
        }
        if chosen.len() != frame.components.len() || !self.has_luma(frame) {
            return None;
        }
        let components: Option<Vec<Component>> = frame
            .components
            .iter()
            .zip(chosen)
            .map(|(&described, &chosen)| self.component(described, chosen))
            .collect();
        let components = components?;
        let first = components.first()?;
        let is_most = |other: &Component| other.across <= first.across && other.down <= first.down;
        let longest = longest_value(frame.bits);
        let fits = |one: &Component| one.first.longest.max(one.others.longest) <= longest;
        if !components.iter().all(|one| is_most(one) && fits(one)) {
            return None;
        }
        let &Frame { bits, width, height, .. } = frame;
        Some(Header { bits, width, height, components, interval: self.interval, scan })
    }

    fn component(&self, described: [u8; 3], chosen: [u8; 2]) -> Option<Component> {
        let ([number, sampling, scales], [same, codes]) = (described, chosen);
        let (across, down) = (usize::from(sampling >> 4), usize::from(sampling & 15));
        let is_usual = number == same && (1..=4).contains(&across) && (1..=4).contains(&down);
        let table = |kind: usize, number: u8| self.codes[kind].get(usize::from(number))?.clone();
        is_usual.then_some(())?;
        Some(Component {
            across,
            down,
            scales: (*self.scales.get(usize::from(scales))?)?,
            first: table(0, codes >> 4)?,
            others: table(1, codes & 15)?,
        })
    }

    /// Whether the first component is luma: of colours that are not kept as red, green and blue.
    fn has_luma(&self, frame: &Frame) -> bool {
        let names: Vec<u8> = frame.components.iter().map(|one| one[0]).collect();
        names.len() == 1 || (matches!(self.transform, None | Some(1)) && names != *b"RGB")
    }
}

/// The most bits of a coefficient, or of the difference of two (F.1.2).
fn longest_value(bits: u8) -> u8 {
    bits + 3
}
