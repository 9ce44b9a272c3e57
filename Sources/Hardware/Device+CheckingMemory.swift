import Documents
import Quantities

extension Device {
    /// Levels stand from small to large and from private to shared; pins and channels carry the bandwidth; banks fit.
    func checkMemory(_ place: Place) throws(DocumentError) {
        for (index, level) in memory.enumerated() {
            let path = "memory[\(index)]"
            if memory[..<index].contains(where: { $0.level == level.level }) {
                throw place.error(path, "the level \"\(level.level.rawValue)\" stands here a second time")
            }
            if index > 0 {
                let inner = memory[index - 1]
                if level.capacity < inner.capacity {
                    throw place.error("\(path).capacity", "\(level.capacity) is less than the \(inner.capacity) of the level before it; "
                        + "list levels from the one next to the engines to the largest")
                }
                if inner.scope == .device, level.scope == .unit {
                    throw place.error("\(path).per", "a level of each unit stands behind one that all units share")
                }
            }
            if let one = level.unitBandwidth {
                guard level.scope == .device else {
                    throw place.error("\(path).unitBandwidth", "every unit has a level of its own here, and \"bandwidth\" is that of one")
                }
                if let all = level.bandwidth, one > all {
                    throw place.error("\(path).unitBandwidth", "one unit's \(one) are more than the \(all) that all of them share")
                }
            }
            try checkPins(level, path, place)
            try checkOrganisation(level, path, place)
        }
        guard mainMemory.scope == .device else {
            throw place.error("memory[\(memory.count - 1)].per", "the largest level belongs to each unit; the main memory is shared by the device")
        }
        for (index, level) in memory.enumerated() where level.level == .dram || level.level == .flash {
            guard level.bandwidth != nil else { throw place.error("memory[\(index)]", "\"bandwidth\" is missing; write one as in \"bandwidth\": \"900 GB/s\"") }
        }
    }

    private func checkPins(_ level: MemoryLevel, _ path: String, _ place: Place) throws(DocumentError) {
        guard let bus = level.bus else {
            if level.pinRate != nil { throw place.error(path, "\"rate\" is the rate of one pin; \"bus\" is missing beside it") }
            return
        }
        guard let rate = level.pinRate else { throw place.error(path, "\"bus\" is given without the \"rate\" of a pin") }
        guard let bandwidth = level.bandwidth else { return }
        let carried = rate * bus.value
        // Half a percent is what datasheets lose by rounding one of the three figures.
        guard bandwidth.value > carried.value * 1.005 || bandwidth.value < carried.value * (1 - Self.tolerance) else { return }
        throw place.error("\(path).bandwidth", "\(significant(bus.value, digits: 9)) pins × \(significant(rate.value * 8 / 1e9)) Gb/s carry \(carried), "
            + "but the bandwidth says \(bandwidth)")
    }

    private func checkOrganisation(_ level: MemoryLevel, _ path: String, _ place: Place) throws(DocumentError) {
        guard let organisation = level.organisation else { return }
        let rows = organisation.rowSize.value * Double(organisation.banks) * Double(organisation.planes)
        if rows > level.capacity.value {
            throw place.error("\(path).organisation", "\(organisation.banks) banks with a row of \(organisation.rowSize) are more than the capacity of \(level.capacity)")
        }
        if let channel = organisation.channelBandwidth, let bandwidth = level.bandwidth, bandwidth.value > channel.value * Double(organisation.channels) * 1.001 {
            throw place.error("\(path).organisation", "\(organisation.channels) channels × \(channel) carry \(channel * Double(organisation.channels)), "
                + "but the bandwidth says \(bandwidth)")
        }
        if organisation.dualRowBuffer, engine(.bank) == nil {
            throw place.error("\(path).organisation.dualRowBuffer", "a second row buffer serves a bank engine, and the device has none")
        }
    }
}
