//! Codes of coefficients (ITU-T T.81, annexes C and F).

/// As many bits are looked up at once; tables of more would leave no room in the nearest cache.
const QUICK: u32 = 11;
/// The longest code.
const LONGEST: usize = 16;
/// Coefficients that the end of a block goes on by: more than there are.
const END: u32 = 128;

/// What a code and the bits of its value stand for, and often those behind them as well, in one number:
/// how many bits the first takes and all do (8 bits each), how many coefficients either goes on by (8
/// bits each; 0 where there is no second), and their values (16 bits each).
#[derive(Clone, Copy, Default)]
struct Step(u64);

impl Step {
    /// Of a code of so many bits, which `bits` begins with.
    fn new(length: u32, symbol: u8, bits: u64) -> Step {
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        let advance = if symbol == 0 { END } else { run + 1 };
        let behind = bits << length;
        let number = (behind >> 1 >> (63 - size)) as i32;
        // Numbers whose first bit is 0 are negative.
        let is_negative = size > 0 && behind >> 63 == 0;
        let value = if is_negative { number + 1 - (1 << size) } else { number };
        let total = u64::from(length + size);
        Step(total | total << 8 | u64::from(advance) << 16 | u64::from(value as u16) << 32)
    }

    /// Two steps in one.
    fn then(self, second: Step) -> Step {
        let total = u64::from(self.total() + second.total());
        let advance = u64::from(second.advance());
        let value = u64::from(second.value() as u16);
        Step(self.0 & !0xFF00 | total << 8 | advance << 24 | value << 48)
    }

    /// Bits of the first step.
    fn own(self) -> u32 {
        self.0 as u32 & 255
    }

    /// Bits of both.
    fn total(self) -> u32 {
        self.0 as u32 >> 8 & 255
    }

    fn advance(self) -> u32 {
        self.0 as u32 >> 16 & 255
    }

    fn second_advance(self) -> u32 {
        self.0 as u32 >> 24
    }

    fn value(self) -> i32 {
        i32::from((self.0 >> 32) as i16)
    }

    fn second_value(self) -> i32 {
        i32::from((self.0 >> 48) as i16)
    }
}

/// Codes and what they stand for.
pub(super) struct Table {
    /// By the first bits, where these hold a code and its value; else nothing.
    quick: Box<[Step; 1 << QUICK]>,
    /// Of each length, what is behind its last code, in as many bits as the longest has, and how far its
    /// codes stand from their symbols.
    lengths: [(u32, i32); LONGEST + 1],
    symbols: Vec<u8>,
    /// Bits of the longest value.
    pub(super) longest: u8,
}

impl Table {
    /// From the number of codes of each length and what they stand for. `None` if there are more codes
    /// than bits for them.
    pub(super) fn new(counts: &[u8; LONGEST], symbols: &[u8]) -> Option<Table> {
        let mut quick = vec![Step::default(); 1 << QUICK];
        let mut lengths = [(0, 0); LONGEST + 1];
        let (mut code, mut place) = (0_usize, 0_usize);
        for (length, &count) in (1..).zip(counts) {
            lengths[length].1 = place as i32 - code as i32;
            for _ in 0..count {
                let symbol = *symbols.get(place)?;
                if let Some(shift) = (QUICK as usize).checked_sub(length + usize::from(symbol & 15))
                {
                    let begin = code << (QUICK as usize - length);
                    let end = (code + 1) << (QUICK as usize - length);
                    for (index, step) in (begin..end).zip(quick.get_mut(begin..end)?) {
                        let bits = (index >> shift << shift) as u64;
                        *step = Step::new(length as u32, symbol, bits << (64 - QUICK));
                    }
                }
                (code, place) = (code + 1, place + 1);
            }
            lengths[length].0 = (code << (LONGEST - length)) as u32;
            if code > 1 << length {
                return None;
            }
            code <<= 1;
        }
        let quick = pairs(&quick).try_into().ok()?;
        let longest = symbols.iter().map(|symbol| symbol & 15).max().unwrap_or(0);
        Some(Table { quick, lengths, symbols: symbols.to_vec(), longest })
    }

    #[inline(always)]
    fn step(&self, bits: u64) -> Option<Step> {
        let step = self.quick[(bits >> (64 - QUICK)) as usize];
        if step.0 != 0 { Some(step) } else { self.long_step(bits) }
    }

    #[cold]
    #[inline(never)]
    fn long_step(&self, bits: u64) -> Option<Step> {
        let sixteen = (bits >> (64 - LONGEST)) as u32;
        let length = (1..=LONGEST).find(|&length| sixteen < self.lengths[length].0)?;
        let place = (sixteen >> (LONGEST - length)) as i32 + self.lengths[length].1;
        let symbol = self.symbols.get(usize::try_from(place).ok()?)?;
        Some(Step::new(length as u32, *symbol, bits))
    }
}

/// Steps with those that follow them within the same bits.
fn pairs(steps: &[Step]) -> Vec<Step> {
    let pair = |(index, &step): (usize, &Step)| {
        if step.0 == 0 || step.advance() == END {
            return step;
        }
        let second = steps[index << step.own() & (steps.len() - 1)];
        let fits = second.0 != 0 && step.own() + second.own() <= QUICK;
        if fits { step.then(second) } else { step }
    };
    steps.iter().enumerate().map(pair).collect()
}

/// A stream of bits.
#[derive(Clone)]
pub(super) struct Bits<'a> {
    data: &'a [u8],
    /// The next byte.
    next: usize,
    /// Bits that were read, the first one highest.
    held: u64,
    /// How many of them; those behind are right or zero.
    count: u32,
}

impl<'a> Bits<'a> {
    /// Begins at a byte. Behind `data` stand zeros.
    pub(super) fn new(data: &'a [u8], begin: usize) -> Bits<'a> {
        Bits { data, next: begin, held: 0, count: 0 }
    }

    /// Bits from the beginning of the data on.
    pub(super) fn position(&self) -> usize {
        8 * self.next - self.count as usize
    }

    /// Holds 56 bits at least: two steps of at most 27 for pixels of eight bits, one of at most 31 for
    /// those of twelve.
    #[inline(always)]
    fn fill(&mut self) {
        let bytes = self.data.get(self.next..).and_then(|rest| rest.first_chunk::<8>());
        self.held |= bytes.map_or(0, |bytes| u64::from_be_bytes(*bytes)) >> self.count;
        self.next += ((63 - self.count) >> 3) as usize;
        self.count |= 56;
    }

    #[inline(always)]
    fn skip(&mut self, count: u32) {
        self.held <<= count;
        self.count -= count;
    }

    /// Reads the coefficients of a block, and gives those that are not zero to `take` with their place, in
    /// the order in which they are stored; some that are zero too. The first comes as its difference from
    /// the last block's, which `level` is. `None` if there is no such code. There is room for so many
    /// `STEPS` in what is held.
    #[inline(always)]
    pub(super) fn block<const STEPS: usize>(
        &mut self,
        first: &Table,
        others: &Table,
        level: &mut i32,
        mut take: impl FnMut(usize, i32),
    ) -> Option<()> {
        self.fill();
        let step = first.step(self.held)?;
        *level = level.wrapping_add(step.value());
        self.skip(step.own());
        take(0, i32::from(*level as i16));
        let mut place = 0;
        loop {
            self.fill();
            for _ in 0..STEPS {
                let step = others.step(self.held)?;
                let one = place + step.advance();
                let two = one + step.second_advance();
                if two > 62 {
                    return self.last(step, one, two, take);
                }
                self.skip(step.total());
                take(one as usize, step.value());
                take(two as usize, step.second_value());
                place = two;
            }
        }
    }

    /// The end of a block, at which a second code may be the next block's.
    #[inline(always)]
    fn last(
        &mut self,
        step: Step,
        one: u32,
        two: u32,
        mut take: impl FnMut(usize, i32),
    ) -> Option<()> {
        if one > 62 {
            self.skip(step.own());
            if one == 63 {
                take(63, step.value());
            }
            return (one == 63 || step.advance() == END).then_some(());
        }
        self.skip(step.total());
        take(one as usize, step.value());
        if two == 63 {
            take(63, step.second_value());
        }
        (two == 63 || step.second_advance() == END).then_some(())
    }
}
