import Hardware
import Operators
import Quantities

extension Roofline {
    public func demand(of collective: Collective, over fabric: Fabric, on device: Device, under runtime: Runtime) -> Demand {
        guard let exchange = Exchange(collective, over: fabric, on: device, datasheet: true) else {
            return Demand(latency: Seconds(.infinity))
        }
        let bound = exchange.bound
        var demand = Demand(latency: Seconds(bound.latency), linkTime: Seconds(bound.transfer),
                            linkBytes: Bytes(bound.bytes), flops: collective.flops)
        demand.energy.link = linkEnergy(bound.bytes, over: fabric.inside ?? fabric.across, from: device)
        return demand
    }

    public func demand(of copy: Copy, over link: Link?, from source: Device, to target: Device, under runtime: Runtime) -> Demand {
        let bytes = copy.bytes.value
        let read = bytes / source.memoryBandwidth, write = bytes / target.memoryWriteBandwidth
        var demand = Demand(linkBytes: copy.bytes)
        if let link {
            demand.latency = link.latency
            demand.linkTime = Seconds(bytes / link.bandwidth.value)
            demand.sourceTime = Seconds(read)
            demand.memoryTime = Seconds(write)
            demand.memoryBytes = copy.bytes
        } else {
            // Within one memory every byte is read and written over the same pins.
            demand.memoryTime = Seconds(read + write)
            demand.memoryBytes = copy.bytes * 2
        }
        demand.energy.link = linkEnergy(bytes, over: link, from: source)
        return demand
    }
}

/// Dynamic energy of bytes on the wire: that of the link where its file states one, else of the device's port.
func linkEnergy(_ bytes: Double, over link: Link?, from device: Device) -> Joules {
    (link?.energy ?? device.power.perLinkByte).map { $0 * Bytes(bytes) } ?? .zero
}
