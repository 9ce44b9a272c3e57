import Hardware
import Operators
import Quantities

extension Cycle.Prepared {
    /// A product whose B lies in the banks; every row of A is a pass of its own, since the lanes hold one vector at a time.
    ///
    /// B's columns are dealt out to all channels and banks; of a batch, whole products go to a channel when that is sooner.
    func banks(rows: Int, n: Int, k: Int, batch: Int, _ weights: TensorFormat, _ math: NumberFormat, _ flops: Flops, _ traffic: Traffic,
               on place: Int) -> Demand? {
        guard let train = bankTrain(place, stored: weights, math) else {
            return inStorage(flops, math, traffic, on: place)
        }
        let spread = Double(batch) * train.channelTime(length: k, outputs: ceilDivide(n, train.channels))
        let whole = Double(ceilDivide(batch, train.channels)) * train.channelTime(length: k, outputs: n)
        let passes = Double(rows) * min(spread, whole)
        let activations = Double(rows) * Double(batch) * train.activations(length: k, outputs: ceilDivide(n, train.channels))
        return inBanks(passes / train.timing.availability, activations: activations, readings: Double(rows), train, scores: 0, flops, math,
                       traffic, on: place)
    }

    /// Decode attention with keys and values in the banks (NeuPIMs, ASPLOS 2024, section 4): scores of all heads from one
    /// pass over the keys of a sequence, then a pass for the values of each head, for every query that a cached head
    /// serves. A sequence lies in one channel, or its keys and heads are dealt out to all, whichever is sooner.
    func bankAttention(_ o: Attention, on place: Int) -> Demand? {
        guard let train = bankTrain(place, stored: o.cache, o.math) else {
            return inStorage(o.flops, o.math, o.traffic, on: place)
        }
        let queries = Double(o.queries) * Double(ceilDivide(o.heads, max(1, o.kvHeads)))
        let (embedding, overflow) = o.kvHeads.multipliedReportingOverflow(by: o.keyDimension)
        guard !overflow else { return nil }
        let keys = o.keysRead, heads = Double(o.kvHeads), channels = train.channels
        let inOne = train.channelTime(length: embedding, outputs: keys) + heads * train.channelTime(length: keys, outputs: o.valueDimension)
        let dealt = train.channelTime(length: embedding, outputs: ceilDivide(keys, channels))
            + Double(ceilDivide(o.kvHeads, channels)) * train.channelTime(length: keys, outputs: o.valueDimension)
        let passes = queries * min(Double(ceilDivide(o.batch, channels)) * inOne, Double(o.batch) * dealt)
        let activations = queries * Double(o.batch)
            * (train.activations(length: embedding, outputs: keys) + heads * train.activations(length: keys, outputs: o.valueDimension))
        let scores = Double(o.batch) * Double(o.heads) * Double(o.queries) * Double(keys)
        return inBanks(passes / train.timing.availability, activations: activations, readings: queries, train, scores: scores, o.flops, o.math,
                       o.traffic, on: place)
    }

    /// - Parameter readings: how often what lies in the banks is read: once for each vector that is multiplied with it.
    private func inBanks(_ time: Double, activations: Double, readings: Double, _ train: BankTrain, scores: Double, _ flops: Flops,
                         _ math: NumberFormat, _ traffic: Traffic, on place: Int) -> Demand {
        let onBus = machine.transferred(Traffic(activationsRead: traffic.activationsRead, activationsWritten: traffic.activationsWritten))
        let all = machine.transferred(traffic)
        var cost = TileCost()
        cost.engine = time
        cost.memory = onBus.read / machine.achievable + onBus.written / machine.achievableWrite
        cost.memoryBytes = all.read + all.written
        cost.cacheBytes = traffic.activations.value
        cost.memoryEnergy = device.bankEnergy(inBanks: traffic.stationed.value * readings, onBus: onBus.read + onBus.written)
        cost.latency = machine.floor + machine.memoryLatency + train.timing.once
        if scores > 0, let vector = machine.vector {
            let rate = machine.rate(vector, .fp32)
            let special = machine.special.map { machine.rate($0, .fp32) } ?? rate
            cost.vector = scores * (AttentionKernel.operationsPerScore / (rate / 2) + 1 / special)
        }
        return settle(cost, flops: flops, math: math, on: place,
                      choice: .rowTrain(rows: Int(min(activations, 1e15)), columns: train.rowElements / train.columnElements))
    }

    /// The train of a bank engine over the memory it sits in; nil where the file leaves its timing out.
    func bankTrain(_ place: Int, stored: TensorFormat, _ math: NumberFormat) -> BankTrain? {
        let engine = device.engines[place]
        let perBank = machine.rate(place, math) / Double(max(1, engine.count))
        return BankTrain(device.mainMemory, banks: engine.count, width: stored.bitsPerElement / 8) { 2 * $0 / perBank }
    }
}
