//! Which side of an exchange a listener is on.

/// The listener's `traffic_direction`: Istio sets it for sidecars; gateways and plain Envoy leave it
/// open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// A gateway, or plain Envoy: both sides.
    #[default]
    Unspecified,
    /// In front of the workload.
    Inbound,
    /// Behind the workload, towards others.
    Outbound,
}

impl Direction {
    /// Reads the property `xds.listener_direction`: eight bytes, little-endian.
    pub fn of_property(bytes: Option<&[u8]>) -> Self {
        let number = bytes.and_then(|bytes| bytes.try_into().ok());
        match number.map(i64::from_le_bytes) {
            Some(1) => Self::Inbound,
            Some(2) => Self::Outbound,
            _ => Self::Unspecified,
        }
    }

    /// Whether requests come from peers, so that they may carry metadata and answers should.
    pub fn serves_peers(self) -> bool {
        self != Self::Outbound
    }

    /// Whether requests go to peers, so that they should carry metadata and answers may.
    pub fn asks_peers(self) -> bool {
        self != Self::Inbound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_envoys() {
        let of = |number: i64| Direction::of_property(Some(&number.to_le_bytes()));
        assert_eq!(of(1), Direction::Inbound);
        assert_eq!(of(2), Direction::Outbound);
        for open in [of(0), of(3), of(-1), Direction::of_property(None)] {
            assert_eq!(open, Direction::Unspecified);
        }
        assert_eq!(
            Direction::of_property(Some(b"\x01")),
            Direction::Unspecified
        );
    }

    #[test]
    fn a_gateway_is_on_both_sides() {
        let sides = |direction: Direction| (direction.serves_peers(), direction.asks_peers());
        assert_eq!(sides(Direction::Inbound), (true, false));
        assert_eq!(sides(Direction::Outbound), (false, true));
        assert_eq!(sides(Direction::Unspecified), (true, true));
    }
}
