import CostModels
import Quantities

/// Sites that are put to the same trees together.
struct AnswerSheet {
    /// One of the sites.
    struct Question {
        /// Its place among all that were asked about.
        let index: Int
        let plan: SitePlan
        /// Seconds: of the calibrated cycle model, and of the physical bound.
        let calibrated: Double
        let bound: Double
        /// The cycle model without a calibration.
        let cycle: Double
        /// Seconds that 2 to the power of the residual multiplies.
        var scale: Double
        /// The same for the trees of devices that were never seen, where the answer is a mean of both.
        var otherScale: Double?
        /// The feature that lies farthest outside of the training data, and how much wider that makes the interval.
        var outside: Int?
        var widening = 1.0
    }

    let family: LearnedFamily
    let usesKnown: Bool
    private(set) var questions: [Question] = []
    /// Features and codes row by row, of sites on their siblings where they have one.
    private var rows: [Float] = []
    /// Likewise for the trees of devices that were never seen, of those whose answer is a mean of both.
    private var others: [Float] = []
    /// Features and codes of a row.
    private let width: Int
    /// Of the family's surfaces, where the trees know devices.
    private let axes: SurfaceAxes?
    /// Questions whose surface was not looked at yet, by the surface.
    private var waiting: [Int: (surface: KernelSurface, rows: [Int], places: [Float])] = [:]

    /// - Parameter count: how many sites there may be.
    init(_ family: LearnedFamily, usesKnown: Bool, atMost count: Int) {
        self.family = family
        self.usesKnown = usesKnown
        width = (usesKnown ? family.known : family.unseen).residual.featureCount
        axes = usesKnown ? SurfaceAxes(of: family.family, features: family.features) : nil
        questions.reserveCapacity(count)
        rows.reserveCapacity(count * width)
    }

    /// Features and codes of a question.
    func row(_ place: Int) -> ArraySlice<Float> { rows[place * width..<(place + 1) * width] }

    /// Asks about a site; not about one that its device cannot do.
    mutating func ask(_ site: KernelSite, at index: Int, by plan: SitePlan) {
        guard let own = SiteCosts(site, by: plan.own, and: plan.stranger?.model ?? plan.mixed?.model) else { return }
        var question = Question(index: index, plan: plan, calibrated: own.calibrated, bound: own.bound, cycle: own.cycle, scale: own.calibrated)
        let curve = usesKnown ? site.curvePlace?.columns(on: plan.curves) : nil
        let blank = axes == nil ? 0 : SurfaceAxes.columns
        if let model = plan.sibling {
            let there = site.moved(to: model.shared)
            guard let costs = SiteCosts(there, by: model),
                  Self.append(to: &rows, width, SiteFeatures(site: there, costs: costs, scale: model.scale), plan.codes, curve?.values ?? [], blank: blank) else { return }
            question.scale = costs.calibrated * power(own.calibrated / costs.calibrated, family.siblingExponent)
            if let (codes, model) = plan.stranger, let own = own.recalibrated,
               Self.append(to: &others, family.unseen.residual.featureCount, SiteFeatures(site: site, costs: own, scale: model.scale), codes, []) {
                question.otherScale = own.calibrated
            }
        } else {
            let own = plan.mixed.map { own.mixed($0.part) } ?? own
            question.scale = own.calibrated
            guard Self.append(to: &rows, width, SiteFeatures(site: site, costs: own, scale: plan.own.scale), plan.codes, curve?.values ?? [], blank: blank) else { return }
        }
        if let axes, let surface = plan.surface {
            let first = rows.count - width, row = questions.count
            rows.withUnsafeBufferPointer { axes.add(UnsafeBufferPointer(rebasing: $0[first..<first + family.features.count]), to: &waiting[surface.identity, default: (surface, [], [])].places) }
            waiting[surface.identity]?.rows.append(row)
        }
        if let curve, LearnedFamily.startsFromCurve(family.family) { question.scale *= exp2(Double(curve.finest ?? 0)) }
        lookOutside(&question)
        questions.append(question)
    }

    /// Looks at the surfaces of all questions, which is sooner done for many together than for one after the other.
    mutating func lookAtSurfaces() {
        for (surface, asked, places) in waiting.values {
            for (row, value) in zip(asked, surface.values(at: places)) {
                let end = (row + 1) * width
                (rows[end - 2], rows[end - 1]) = (value.residual, value.distance)
                questions[row].scale *= exp2(SurfaceAxes.part * Double(value.residual))
            }
        }
        waiting = [:]
    }

    /// False where the features are others than the trees know.
    ///
    /// - Parameter blank: columns that are left to be filled.
    private static func append(to rows: inout [Float], _ width: Int, _ features: SiteFeatures, _ codes: [Float], _ curve: [Float], blank: Int = 0) -> Bool {
        let start = rows.count
        rows.append(contentsOf: repeatElement(.nan, count: width))
        let count = rows.withUnsafeMutableBufferPointer { rows in
            var row = FeatureRow(UnsafeMutableBufferPointer(rebasing: rows[start...]))
            features.fill(&row)
            for value in codes { row.add(value) }
            for value in curve { row.add(value) }
            for _ in 0..<blank { row.add(.nan) }
            return row.count
        }
        if count != width { rows.removeLast(width) }
        return count == width
    }

    /// Looks for features outside of the training data, in the row that was added last.
    private func lookOutside(_ question: inout Question) {
        var farthest = 0.02
        rows.withUnsafeBufferPointer { rows in
            let row = UnsafeBufferPointer(rebasing: rows[(rows.count - width)...])
            for (place, range) in family.ranges.enumerated() where row[place].isFinite && !range.contains(row[place]) {
                let width = Double(max(range.upperBound - range.lowerBound, 1e-3))
                let distance = Double(max(range.lowerBound - row[place], row[place] - range.upperBound)) / width
                if distance > farthest { (farthest, question.outside) = (distance, place) }
            }
        }
        // A tree answers for the nearest shape it saw: the error grows with the way from there.
        if question.outside != nil { question.widening = 1 + min(4, farthest) }
    }

    /// Answers all questions, in their order.
    func answers() -> [KernelEstimate] {
        let part = usesKnown ? family.known : family.unseen
        let residuals = part.residual.predict(rows), spreads = part.spread.predict(rows), others = family.unseen.residual.predict(others)
        var nextOther = 0
        return questions.indices.map { row in
            var other: Float?
            if questions[row].otherScale != nil {
                other = others[nextOther]
                nextOther += 1
            }
            return answer(questions[row], residual: residuals[row], other: other, spread: spreads[row])
        }
    }

    /// - Parameter other: residual of the trees for devices that were never seen, where the question asks them, too.
    private func answer(_ question: Question, residual: Float, other: Float?, spread: Float) -> KernelEstimate {
        let quantiles = question.plan.quantiles, weight = family.siblingWeight
        var time = question.scale * (usesKnown || LearnedFamily.knowsStrangers(family.family) ? exp2(Double(residual)) : 1)
        if let other, let scale = question.otherScale { time = power(time, weight) * power(scale * exp2(Double(other)), 1 - weight) }
        if question.plan.isAlone { time = family.usual.drawing(time, cycle: question.cycle) }
        time = max(time, question.bound)
        let scale = exp2(Double(spread)) * question.widening
        func range(_ sides: LearnedFamily.Quantiles.Sides) -> ClosedRange<Seconds> {
            Seconds(max(time / exp2(min(sides.below * scale, 30)), question.bound))...Seconds(time * exp2(min(sides.above * scale, 30)))
        }
        return KernelEstimate(time: Seconds(time), base: Seconds(question.calibrated), bound: Seconds(question.bound), half: range(quantiles.half),
                              ninety: range(quantiles.ninety), spread: max(quantiles.ninety.below, quantiles.ninety.above) * scale,
                              extrapolating: question.outside.map { family.features[$0] }, kinship: question.plan.kinship, shared: question.plan.own.calibration)
    }
}
