extension SharedResources {
    /// Starts an activity. O(uses) when nothing else runs on its resources, else shares are recomputed later.
    mutating func start(
        _ id: Int, _ works: Works, atLeast minimumSeconds: Double, inTurn: Bool, at now: SimulationTime, queue: inout EventQueue
    ) {
        precondition(minimumSeconds >= 0, "the shortest duration of an activity is a number of seconds, not negative")
        let slot = takeSlot()
        activities[slot] = Activity(
            sequence: queue.takeSequence(), updated: now, minimumSeconds: minimumSeconds, id: id,
            useCount: Int32(truncatingIfNeeded: works.count), isInTurn: inTurn)
        runningCount += 1

        var isAlone = true
        var dominant = 0.0
        for k in 0 ..< works.count {
            let index = works.resources[k], work = works.seconds[k]
            precondition(index >= 0 && index < resourceCount, "an activity uses a resource that does not exist")
            let resource = resources + Int(index)
            dominant = max(dominant, work / resource.pointee.capacity)
            if resource.pointee.first >= 0 {
                isAlone = false
                touch(resource)
            }
            append(Use(work: work, resource: index), at: slot &* Works.maximumCount &+ k)
        }
        if isAlone {
            setPace(max(dominant, minimumSeconds), ofActivityIn: slot, at: now, queue: &queue)
        }
    }

    /// Takes note of the event `key` that may be a completion.
    ///
    /// - Returns: the id of the activity that has completed; `nil` when the event was left behind by a change.
    @usableFromInline
    mutating func complete(_ key: EventKey, queue: inout EventQueue) -> Int? {
        let slot = key.id & (SimulationEngine.activityFlag - 1)
        let activity = activities + slot
        guard activity.pointee.scheduled == key else { return nil }
        guard activity.pointee.due == key.time else {
            schedule(slot, queue: &queue)
            return nil
        }
        for k in 0 ..< Int(activity.pointee.useCount) {
            let use = slot &* Works.maximumCount &+ k
            let resource = resources + Int(uses[use].resource)
            resource.pointee.busySeconds += activity.pointee.remaining * uses[use].work
            remove(use)
            if resource.pointee.first >= 0 { touch(resource) }
        }
        activity.pointee.scheduled = .none
        activity.pointee.nextFree = freeSlot
        freeSlot = Int32(truncatingIfNeeded: slot)
        runningCount -= 1
        return activity.pointee.id
    }

    mutating func setCapacity(of index: Int, to capacity: Double) {
        precondition(index >= 0 && index < resourceCount, "there is no such resource")
        resources[index].capacity = Self.checked(capacity)
        if resources[index].first >= 0 { touch(resources + index) }
    }

    /// Seconds of full rate that `index` has delivered until `now`. O(activities using it).
    func busySeconds(of index: Int, at now: SimulationTime) -> Double {
        precondition(index >= 0 && index < resourceCount, "there is no such resource")
        var seconds = resources[index].busySeconds
        var use = resources[index].first
        while use >= 0 {
            let activity = activities + Int(use) / Works.maximumCount
            seconds += activity.pointee.progress(until: now) * uses[Int(use)].work
            use = uses[Int(use)].next
        }
        return seconds
    }
}

// MARK: Pace and completion events

extension SharedResources {
    /// Lets an activity run at `pace` from `now` on: books what it has done at the old pace and moves its completion.
    mutating func setPace(_ pace: Double, ofActivityIn slot: Int, at now: SimulationTime, queue: inout EventQueue) {
        let activity = activities + slot
        guard activity.pointee.pace != pace else { return }
        let done = activity.pointee.progress(until: now)
        if done > 0 {
            for k in 0 ..< Int(activity.pointee.useCount) {
                let use = uses + (slot &* Works.maximumCount &+ k)
                resources[Int(use.pointee.resource)].busySeconds += done * use.pointee.work
            }
            activity.pointee.remaining -= done
        }
        activity.pointee.updated = now
        activity.pointee.pace = pace
        let remaining = activity.pointee.remaining
        activity.pointee.due = remaining > 0 ? now + SimulationTime(seconds: remaining * pace) : now
        if activity.pointee.due < activity.pointee.scheduled.time { schedule(slot, queue: &queue) }
    }

    /// Puts an event for the completion of an activity into the queue.
    private mutating func schedule(_ slot: Int, queue: inout EventQueue) {
        let activity = activities + slot
        let key = EventKey(
            time: activity.pointee.due, sequence: activity.pointee.sequence,
            id: slot | SimulationEngine.activityFlag)
        activity.pointee.scheduled = key
        queue.push(key)
    }
}

// MARK: Lists and slots

extension SharedResources {
    private mutating func touch(_ resource: UnsafeMutablePointer<Resource>) {
        guard !resource.pointee.isTouched else { return }
        resource.pointee.isTouched = true
        touched.append(Int32(truncatingIfNeeded: resource - resources))
    }

    private mutating func append(_ newUse: Use, at use: Int) {
        let resource = resources + Int(newUse.resource)
        let last = resource.pointee.last
        uses[use] = newUse
        uses[use].previous = last
        if last >= 0 {
            uses[Int(last)].next = Int32(truncatingIfNeeded: use)
        } else {
            resource.pointee.first = Int32(truncatingIfNeeded: use)
        }
        resource.pointee.last = Int32(truncatingIfNeeded: use)
    }

    private mutating func remove(_ use: Int) {
        let resource = resources + Int(uses[use].resource)
        let next = uses[use].next, previous = uses[use].previous
        if previous >= 0 { uses[Int(previous)].next = next } else { resource.pointee.first = next }
        if next >= 0 { uses[Int(next)].previous = previous } else { resource.pointee.last = previous }
    }

    private mutating func takeSlot() -> Int {
        if freeSlot >= 0 {
            let slot = Int(freeSlot)
            freeSlot = activities[slot].nextFree
            return slot
        }
        precondition(slotCount < SimulationEngine.activityFlag, "at most 2²⁷ activities run at once")
        if slotCount == slotCapacity { growSlots() }
        slotCount += 1
        return slotCount - 1
    }

    private mutating func growSlots() {
        let largerActivities = UnsafeMutablePointer<Activity>.allocate(capacity: slotCapacity * 2)
        let largerUses = UnsafeMutablePointer<Use>.allocate(capacity: slotCapacity * 2 * Works.maximumCount)
        largerActivities.moveInitialize(from: activities, count: slotCapacity)
        largerUses.moveInitialize(from: uses, count: slotCapacity * Works.maximumCount)
        activities.deallocate()
        uses.deallocate()
        (activities, uses) = (largerActivities, largerUses)
        slotCapacity *= 2
    }
}
