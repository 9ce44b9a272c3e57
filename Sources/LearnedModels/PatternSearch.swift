/// The lowest point that steps along the axes find (Hooke and Jeeves, "Direct search", JACM 1961): from a point as long as a
/// step helps, then with half the step, until it is shorter than the last.
///
/// - Parameter value: not finite where there is no answer; such points are never taken.
public func patternSearch(from start: [Double], step: Double, until last: Double, _ value: ([Double]) -> Double) -> [Double] {
    var point = start, lowest = value(start), step = step
    while step >= last {
        var helped = false
        for axis in point.indices {
            for way in [step, -step] {
                var next = point
                next[axis] += way
                let found = value(next)
                guard found < lowest || (!lowest.isFinite && found.isFinite) else { continue }
                (point, lowest, helped) = (next, found, true)
                break
            }
        }
        if !helped { step /= 2 }
    }
    return point
}
