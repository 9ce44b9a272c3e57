import Hardware
import Operators
import Quantities

extension Cycle {
    public func demand(of collective: Collective, over fabric: Fabric, on device: Device, under runtime: Runtime) -> Demand {
        let bound = Roofline().demand(of: collective, over: fabric, on: device, under: runtime)
        guard let exchange = Exchange(collective, over: fabric, on: device, datasheet: false) else { return bound }
        let (algorithm, time) = exchange.fastest()
        // What is sent is read from, and what arrives is written to, the memory, as far as it is more than the cache holds.
        let machine = Machine(device)
        let local = machine.transferred(Traffic(activationsRead: Bytes(time.bytes), activationsWritten: Bytes(time.bytes)))
        var demand = Demand(latency: Seconds(time.latency + machine.floor), linkTime: Seconds(time.transfer), linkBytes: Bytes(time.bytes),
                            flops: collective.flops, choice: .algorithm(algorithm))
        demand.memoryBytes = Bytes(local.read + local.written)
        demand.memoryTime = Seconds(local.read / machine.achievable + local.written / machine.achievableWrite)
        demand.cacheBytes = Bytes(2 * time.bytes)
        demand.energy = energy(of: demand, math: collective.format.number ?? .fp32, on: device)
        demand.energy.link = linkEnergy(time.bytes, over: fabric.inside ?? fabric.across, from: device)
        return calibrated(demand.checked(against: bound, model: name, what: "\(collective)"), .collective(collective), on: device, bound: bound)
    }

    public func demand(of copy: Copy, over link: Link?, from source: Device, to target: Device, under runtime: Runtime) -> Demand {
        let bound = Roofline().demand(of: copy, over: link, from: source, to: target, under: runtime)
        var demand = bound
        let bytes = copy.bytes.value
        let requests = max(1, copy.requests)
        var read = bytes / source.achievableBandwidth
        let write = bytes / target.achievableWriteBandwidth
        if let flash = FlashPipeline(source.mainMemory) {
            let perRequest = pageCount(bytes / Double(requests), flash.page.value)
            let pages = perRequest.multipliedReportingOverflow(by: requests)
            read = max(read, flash.time(pages: pages.overflow ? .max : pages.partialValue).value)
        } else {
            demand.latency += source.mainMemory.latency ?? .zero
        }
        if let link {
            let staged = source.kind == .cpu || target.kind == .cpu ? runtime.hostCopyEfficiency : 1
            let rate = min(link.bandwidth.value, link.achieved?.value ?? .infinity) * staged
            demand.latency += link.latency * Double(requests - 1)
            demand.linkTime = Seconds(bytes / rate)
            demand.sourceTime = Seconds(read)
            demand.memoryTime = Seconds(write)
        } else {
            demand.memoryTime = Seconds(read + write)
        }
        return calibrated(demand.checked(against: bound, model: name, what: "\(copy)"), .copy(copy), on: target, bound: bound)
    }
}
