/// Counters come from the kernel and from other threads: they may go backwards or be read out of order, and must then
/// neither trap nor wrap round.
extension FixedWidthInteger {
    /// `self - other`, at least the smallest value.
    func saturatingSubtract(_ other: Self) -> Self {
        let (value, overflow) = subtractingReportingOverflow(other)
        if overflow { return other > 0 ? .min : .max }
        return value
    }

    /// `self + other`, at most the greatest value.
    func saturatingAdd(_ other: Self) -> Self {
        let (value, overflow) = addingReportingOverflow(other)
        if overflow { return other > 0 ? .max : .min }
        return value
    }

    /// `self × other`, at most the greatest value. For values that are not negative.
    func saturatingMultiply(_ other: Self) -> Self {
        let (value, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : value
    }
}
