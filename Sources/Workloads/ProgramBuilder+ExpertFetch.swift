import Operators
import Quantities

/// Experts kept elsewhere: when they are brought to the device (Pre-gated MoE, arXiv 2308.12066).
extension ProgramBuilder {
    /// Bytes of one expert on a rank.
    private func expertBytes(_ stack: Stack, _ experts: Experts) -> Bytes {
        arrangement.precision.experts.bytes(elements: Double(experts.parameters(hidden: model.hidden, kind: stack.feedForward.kind)) / Double(layout.expertTensor))
    }

    /// Copies of so many experts from where they are kept, through the host where the way leads there.
    private mutating func copies(_ name: String, perClass counts: [Int], each: Bytes, after: [Int], waitsForHost: Bool) -> [Int] {
        arrangement.experts.map { source in
            var before = after
            if source.staged, let host = arrangement.host {
                let total = zip(counts, classes).reduce(0) { $0 + $1.0 * $1.1.ranks } * layout.expertTensor * layout.expertSets
                let staged = Copy(from: source.group, to: host, bytes: each * (source.share * Double(total) / Double(arrangement.nodes)), requests: max(1, total))
                before = [add("\(name).stage", .copy(staged), after: after, place: .staging, stream: .copyIn, joins: true, waitsForHost: waitsForHost, allocates: .zero)]
            }
            let from = source.staged ? arrangement.host ?? source.group : source.group
            let works: [Operator?] = counts.map {
                $0 == 0 ? nil : .copy(Copy(from: from, to: arrangement.accelerator, bytes: each * (source.share * Double($0)), requests: $0))
            }
            return add(name, perClass: works, after: before, stream: arrangement.copyStream, waitsForHost: waitsForHost && !source.staged, allocates: .zero)
        }
    }

    /// The copies that the experts of this layer wait for, and those that its router starts for the next expert layer.
    mutating func fetchExperts(_ stack: Stack, _ experts: Experts, _ variant: Variant, router: Int) -> [Int] {
        guard arrangement.fetchesExperts else { return [] }
        let active = classes.map { $0.tokens.count { $0 > 0 } }, each = expertBytes(stack, experts)
        switch job.expertFetch {
        case .onDemand:
            return copies("experts.fetch", perClass: active, each: each, after: [router], waitsForHost: true)
        case .preGated:
            let own = variant.firstExperts
                ? copies("experts.fetch", perClass: active, each: each, after: [router], waitsForHost: true) : [LayerProgram.Outside.experts]
            if !variant.lastExperts {
                program.fetchedExperts = copies("experts.fetch", perClass: active, each: each, after: [router, LayerProgram.Outside.previousExperts],
                                                waitsForHost: true).last
            }
            return own
        case .prefetchAll:
            return variant.firstExperts ? ownExperts : [LayerProgram.Outside.experts]
        }
    }

    /// All experts of the next expert layer are on their way while this layer runs, from its start.
    mutating func prefetchExperts(_ stack: Stack, _ variant: Variant) {
        guard variant.routes, let experts = stack.experts, arrangement.fetchesExperts, job.expertFetch == .prefetchAll else { return }
        let all = classes.map(\.tokens.count), each = expertBytes(stack, experts)
        if variant.firstExperts {
            ownExperts = copies("experts.fetch", perClass: all, each: each, after: [], waitsForHost: false)
        }
        if !variant.lastExperts {
            program.fetchedExperts = copies("experts.fetch", perClass: all, each: each, after: [LayerProgram.Outside.previousExperts],
                                            waitsForHost: false).last
        }
    }
}
