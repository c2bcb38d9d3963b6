//! Data that all VMs share: keys, values, and a compare-and-swap number.

use std::collections::BTreeMap;

use super::Status;

/// The shared key-value store. Its CAS numbers come from one counter, as Envoy's do.
#[derive(Debug, Default)]
pub struct SharedData {
    values: BTreeMap<Vec<u8>, (Vec<u8>, u32)>,
    last_cas: u32,
}

impl SharedData {
    /// The value and its CAS number.
    ///
    /// # Errors
    ///
    /// `NotFound`: nobody set this key.
    pub fn get(&self, key: &[u8]) -> Result<(&[u8], u32), Status> {
        let (value, cas) = self.values.get(key).ok_or(Status::NotFound)?;
        Ok((value, *cas))
    }

    /// Sets a value. `cas` 0 overwrites whatever is there; on a new key it is ignored.
    ///
    /// # Errors
    ///
    /// `CasMismatch`: the value has changed since `cas` was read.
    pub fn set(&mut self, key: &[u8], value: Vec<u8>, cas: u32) -> Result<(), Status> {
        if let Some((_, current)) = self.values.get(key)
            && cas != 0
            && cas != *current
        {
            return Err(Status::CasMismatch);
        }
        self.last_cas = self.last_cas.wrapping_add(1).max(1);
        self.values.insert(key.to_vec(), (value, self.last_cas));
        Ok(())
    }
}
