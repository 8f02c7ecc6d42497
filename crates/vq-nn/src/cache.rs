//! Keys and values of the tokens read so far.

use tch::Tensor;

use crate::attention::KeyValues;

/// Keys and values of the tokens that a [`BlockStack`](crate::BlockStack) has read, so that the next token costs one
/// token and not the whole sequence.
#[derive(Debug)]
pub struct KeyValueCache {
    pub(crate) blocks: Vec<BlockCache>,
    rows: i64,
    length: i64,
    capacity: i64,
}

/// The cache of one block.
#[derive(Debug)]
pub(crate) struct BlockCache {
    /// Of the memory that the block attends to, if it does; one entry for all rows that share it.
    pub(crate) memory: Option<KeyValues>,
    /// `[rows, 2, A, capacity, F]`: keys, then values; allocated with the first tokens.
    stored: Option<Tensor>,
    capacity: i64,
}

impl KeyValueCache {
    pub(crate) fn new(memories: impl Iterator<Item = Option<KeyValues>>, rows: i64, capacity: i64) -> Self {
        let blocks = memories.map(|memory| BlockCache { memory, stored: None, capacity }).collect();
        Self { blocks, rows, length: 0, capacity }
    }

    /// The sequences that are read side by side.
    pub fn rows(&self) -> i64 {
        self.rows
    }

    /// Tokens read so far of each row.
    pub fn length(&self) -> i64 {
        self.length
    }

    /// The largest number of tokens of a row.
    pub fn capacity(&self) -> i64 {
        self.capacity
    }

    /// Forgets all tokens; keeps the memory of the cross-attention.
    pub fn clear(&mut self) {
        self.length = 0;
    }

    /// Replaces the tokens of each row `i` by those of row `from[i]`; `from` is `[rows]`, `Int64`, and a row stays with
    /// rows that share its memory.
    pub fn reorder(&mut self, from: &Tensor) {
        for stored in self.blocks.iter().filter_map(|block| block.stored.as_ref()) {
            let mut seen = stored.narrow(3, 0, self.length);
            seen.copy_(&seen.index_select(0, from));
        }
    }

    /// Counts `length` more tokens; returns the number before.
    pub(crate) fn grow(&mut self, length: i64) -> i64 {
        let start = self.length;
        self.length += length;
        start
    }
}

impl BlockCache {
    /// Stores the keys and values of the tokens from `start` on; returns those of all tokens up to the last of these.
    pub(crate) fn append(&mut self, new: &KeyValues, start: i64) -> KeyValues {
        let size = new.keys.size();
        let (rows, heads, length, features) = (size[0], size[1], size[2], size[3]);
        let capacity = self.capacity;
        let stored = self.stored.get_or_insert_with(|| {
            Tensor::empty([rows, 2, heads, capacity, features], (new.keys.kind(), new.keys.device()))
        });
        let part = |index: i64| stored.select(1, index);
        for (index, new) in [(0, &new.keys), (1, &new.values)] {
            part(index).narrow(2, start, length).copy_(new);
        }
        let seen = |index: i64| part(index).narrow(2, 0, start + length);
        KeyValues { keys: seen(0), values: seen(1) }
    }
}
