/// Max-min fairness over dominant shares (Ghodsi et al., "Dominant Resource Fairness", NSDI 2011, with the
/// progressive filling of Bertsekas and Gallager, *Data Networks*, 1992, section 6.5.2).
///
/// Activities in turn come first, one after the other in the order of their start, each with as much as it can use of what
/// those before it leave; only what the others could use, up to half of a resource, is kept from them. Then all shares of the
/// others grow alike until a resource saturates; the activities using it are settled there, and the rest
/// grows on. All sums run over activities in the order of their start along each resource, which makes the
/// result the same on every machine and independent of whatever else runs without touching these resources.
extension SharedResources {
    /// Recomputes shares wherever something has changed. O(rounds × uses) for each component touched.
    ///
    /// Called when time is about to leave `now`: what is due at `now` has completed, and nothing that started at
    /// the same picosecond has held it up.
    @usableFromInline
    mutating func recomputeShares(at now: SimulationTime, queue: inout EventQueue) {
        visit += 1
        for index in touched {
            resources[Int(index)].isTouched = false
            guard resources[Int(index)].visit != visit, resources[Int(index)].first >= 0 else { continue }
            collectComponent(from: index)
            if componentActivities.count == 1 {
                let slot = Int(componentActivities[0])
                let alone = max(dominantTime(ofActivityIn: slot), activities[slot].minimumSeconds)
                setPace(alone, ofActivityIn: slot, at: now, queue: &queue)
            } else {
                fill(at: now, queue: &queue)
            }
        }
        touched.removeAll(keepingCapacity: true)
    }

    /// Gathers the resources and activities that are connected to a resource through shared use.
    private mutating func collectComponent(from seed: Int32) {
        componentResources.removeAll(keepingCapacity: true)
        componentActivities.removeAll(keepingCapacity: true)
        componentResources.append(seed)
        resources[Int(seed)].visit = visit
        var next = 0
        while next < componentResources.count {
            var use = resources[Int(componentResources[next])].first
            next += 1
            while use >= 0 {
                let slot = Int(use) / Works.maximumCount
                use = uses[Int(use)].next
                guard activities[slot].visit != visit else { continue }
                activities[slot].visit = visit
                componentActivities.append(Int32(truncatingIfNeeded: slot))
                for k in 0 ..< Int(activities[slot].useCount) {
                    let other = uses[slot &* Works.maximumCount &+ k].resource
                    guard resources[Int(other)].visit != visit else { continue }
                    resources[Int(other)].visit = visit
                    componentResources.append(other)
                }
            }
        }
    }

    /// Serves the collected component: in turn, then by progressive filling. Settled activities leave `componentActivities`.
    private mutating func fill(at now: SimulationTime, queue: inout EventQueue) {
        for index in componentResources { resources[Int(index)].settled = 0 }
        var alike = 0
        for place in 0 ..< componentActivities.count {
            let slot = componentActivities[place]
            let activity = activities + Int(slot)
            if activity.pointee.isInTurn {
                turns.append(slot)
                continue
            }
            componentActivities[alike] = slot
            alike += 1
            let dominant = dominantTime(ofActivityIn: Int(slot))
            activity.pointee.dominant = dominant
            let minimum = activity.pointee.minimumSeconds
            activity.pointee.shareLimit = minimum > dominant ? dominant / minimum : 1
        }
        if !turns.isEmpty {
            componentActivities.removeLast(turns.count)
            reserve()
            serveTurns(at: now, queue: &queue)
        }
        var level = 0.0
        while !componentActivities.isEmpty {
            level = max(level, nextLevel())
            var growing = 0
            for place in 0 ..< componentActivities.count {  // in place: an iterator would hold a copy
                let slot = componentActivities[place]
                if isSettled(Int(slot), at: level) {
                    settle(Int(slot), at: level, now, queue: &queue)
                } else {
                    componentActivities[growing] = slot
                    growing += 1
                }
            }
            componentActivities.removeLast(componentActivities.count - growing)
        }
    }

    /// Keeps for the activities that share fairly what they could use of each resource alone, up to half of it.
    private mutating func reserve() {
        for index in componentResources { resources[Int(index)].demand = 0 }
        for slot in componentActivities {
            let alone = max(activities[Int(slot)].dominant, activities[Int(slot)].minimumSeconds)
            for k in 0 ..< Int(activities[Int(slot)].useCount) {
                let use = uses + (Int(slot) &* Works.maximumCount &+ k)
                resources[Int(use.pointee.resource)].demand += use.pointee.work / alone
            }
        }
        for index in componentResources {
            let resource = resources + Int(index)
            resource.pointee.reserved = min(resource.pointee.demand, resource.pointee.capacity / 2)
        }
    }

    /// Gives the activities in turn what they can use, in the order of their start.
    private mutating func serveTurns(at now: SimulationTime, queue: inout EventQueue) {
        for place in turns.indices.dropFirst() {
            let slot = turns[place], sequence = activities[Int(slot)].sequence
            var free = place
            while free > 0, activities[Int(turns[free - 1])].sequence > sequence {
                turns[free] = turns[free - 1]
                free -= 1
            }
            turns[free] = slot
        }
        for place in 0 ..< turns.count {
            let slot = Int(turns[place])
            var pace = activities[slot].minimumSeconds
            for k in 0 ..< Int(activities[slot].useCount) {
                let use = uses + (slot &* Works.maximumCount &+ k)
                pace = max(pace, use.pointee.work / resources[Int(use.pointee.resource)].leftInTurn)
            }
            occupy(slot, at: pace, now, queue: &queue)
        }
        turns.removeAll(keepingCapacity: true)
    }

    /// The lowest share at which a resource saturates or an activity reaches its limit.
    private mutating func nextLevel() -> Double {
        for index in componentResources { resources[Int(index)].demand = 0 }
        var level = Double.infinity
        for slot in componentActivities {
            let activity = activities + Int(slot)
            level = min(level, activity.pointee.shareLimit)
            for k in 0 ..< Int(activity.pointee.useCount) {
                let use = uses + (Int(slot) &* Works.maximumCount &+ k)
                resources[Int(use.pointee.resource)].demand += use.pointee.work / activity.pointee.dominant
            }
        }
        for index in componentResources {
            let resource = resources + Int(index)
            resource.pointee.saturation = resource.pointee.demand > 0 ? resource.pointee.left / resource.pointee.demand : .infinity
            level = min(level, resource.pointee.saturation)
        }
        return level
    }

    /// Whether the share of an activity can grow no further than `level`.
    private func isSettled(_ slot: Int, at level: Double) -> Bool {
        if activities[slot].shareLimit <= level { return true }
        for k in 0 ..< Int(activities[slot].useCount) {
            let use = uses + (slot &* Works.maximumCount &+ k)
            if resources[Int(use.pointee.resource)].saturation <= level { return true }
        }
        return false
    }

    /// Fixes the share of an activity at `level` and takes its part of each resource.
    private mutating func settle(_ slot: Int, at level: Double, _ now: SimulationTime, queue: inout EventQueue) {
        let activity = activities + slot
        let pace = activity.pointee.shareLimit <= level
            ? max(activity.pointee.dominant, activity.pointee.minimumSeconds)
            : activity.pointee.dominant / level
        occupy(slot, at: pace, now, queue: &queue)
    }

    /// Lets an activity go at `pace`, and takes what that needs of each resource.
    private mutating func occupy(_ slot: Int, at pace: Double, _ now: SimulationTime, queue: inout EventQueue) {
        for k in 0 ..< Int(activities[slot].useCount) {
            let use = uses + (slot &* Works.maximumCount &+ k)
            resources[Int(use.pointee.resource)].settled += use.pointee.work / pace
        }
        setPace(pace, ofActivityIn: slot, at: now, queue: &queue)
    }

    /// The largest work of an activity over the capacity it is done with: its duration when alone.
    private func dominantTime(ofActivityIn slot: Int) -> Double {
        var dominant = 0.0
        for k in 0 ..< Int(activities[slot].useCount) {
            let use = uses + (slot &* Works.maximumCount &+ k)
            dominant = max(dominant, use.pointee.work / resources[Int(use.pointee.resource)].capacity)
        }
        return dominant
    }
}
