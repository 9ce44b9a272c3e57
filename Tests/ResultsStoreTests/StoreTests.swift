import Documents
import Foundation
import GRDB
import Testing
@testable import ResultsStore

struct StoreTests {
    @Test("What is written is read back: axes, objectives, constraints, figures, reasons, operators, files")
    func roundTrip() throws {
        let folder = try Folder()
        let run = declaration()
        do {
            let writer = try ResultsStore(writing: folder("a.db")).begin(run, resuming: false)
            try writer.write((0..<12).map(record))
            try writer.finish()
        }
        let store = try ResultsStore(reading: folder("a.db"))
        let sweep = try store.sweep()
        #expect(sweep.axes == run.axes)
        #expect(sweep.metrics == run.metrics)
        #expect(sweep.objectives == run.objectives)
        #expect(sweep.constraints == run.constraints)
        #expect(sweep.specs.map(\.content) == ["x"])
        #expect(sweep.points.map(\.place) == Array(0..<12))
        #expect(sweep.isComplete)
        #expect(sweep.points[7].outcome == .doesNotFit)
        #expect(sweep.points[7].reason == "3 GiB are missing")
        #expect(sweep.value("tpot", of: sweep.points[7]) == nil)
        #expect(sweep.value("tpot", of: sweep.points[3]) == 9)
        #expect(sweep.labels(of: sweep.points[6]) == ["2", "c"])
        #expect(try store.operators(ofPoint: sweep.points[2].id).map(\.name) == ["gate"])
        #expect(try store.damages() == [])
    }

    @Test("Equal points are stored once, and stand at both their places")
    func contentAddressed() throws {
        let folder = try Folder()
        let store = try ResultsStore(writing: folder("a.db"))
        try store.begin(declaration(), resuming: false).write((0..<12).map(record))
        let sweep = try store.sweep()
        #expect(sweep.points[10].id == sweep.points[11].id)
        #expect(sweep.points[10].values == sweep.points[11].values)
        #expect(try store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM points") } == 11)
    }

    @Test("A batch that fails leaves nothing behind, and the next one is written as if it had not been")
    func wholeBatches() throws {
        let folder = try Folder()
        let store = try ResultsStore(writing: folder("a.db")), writer = try store.begin(declaration(), resuming: false)
        try writer.write([record(0)])
        let lost = PointRecord(place: 2, key: PointKey(ContentHash(of: "nowhere").short), answer: nil)
        #expect(throws: StoreError.self) { try writer.write([record(1), lost]) }
        #expect(try writer.donePlaces() == [0])
        try writer.write((1..<12).map(record))
        #expect(try writer.donePlaces() == Array(0..<12))
        #expect(try store.damages() == [])
    }

    @Test("On a full disk the batch is refused with what to do, and what was there stays")
    func fullDisk() throws {
        let folder = try Folder()
        let store = try ResultsStore(writing: folder("a.db")), writer = try store.begin(declaration(), resuming: false)
        try writer.write((0..<3).map(record))
        try store.database.writeWithoutTransaction { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            try db.execute(sql: "PRAGMA max_page_count = \(pages)")
        }
        let large = PointRecord.Answer(outcome: .invalid, reason: String(repeating: "x", count: 100_000), values: [.nan, .nan])
        let error = #expect(throws: StoreError.self) { try writer.write([record(3), PointRecord(place: 4, key: record(4).key, answer: large)]) }
        #expect(error?.kind == .output)
        #expect(error?.message.contains("disk is full") == true)
        #expect(try writer.donePlaces() == [0, 1, 2])
        #expect(try store.damages() == [])
    }

    @Test("While one writes, a second writer is refused and a reader reads")
    func oneWriter() throws {
        let folder = try Folder()
        let store = try ResultsStore(writing: folder("a.db")), writer = try store.begin(declaration(), resuming: false)
        try writer.write([record(0)])
        let error = #expect(throws: StoreError.self) { _ = try ResultsStore(writing: folder("a.db")) }
        #expect(error?.message.contains("another sweep is writing it") == true)
        #expect(try ResultsStore(reading: folder("a.db")).sweep().points.count == 1)
    }

    @Test("A run that was begun is only gone on with when asked to, and never as another shard")
    func resuming() throws {
        let folder = try Folder()
        do { try ResultsStore(writing: folder("a.db")).begin(declaration(), resuming: false).write([record(0)]) }
        let store = try ResultsStore(writing: folder("a.db"))
        #expect(throws: StoreError.self) { _ = try store.begin(declaration(), resuming: false) }
        #expect(throws: StoreError.self) { _ = try store.begin(declaration(shard: 1, shards: 4), resuming: true) }
        #expect(try store.begin(declaration(), resuming: true).donePlaces() == [0])
        #expect(try store.runs().count == 1)
    }

    @Test("Files of other kinds are refused, not turned into results", arguments: ["", "hello", "SQLite format 3"])
    func otherFiles(_ content: String) throws {
        let folder = try Folder()
        try Data(content.utf8).write(to: URL(fileURLWithPath: folder("a.db")))
        #expect(throws: StoreError.self) { _ = try ResultsStore(reading: folder("a.db")) }
        #expect(throws: StoreError.self) { _ = try ResultsStore(reading: folder("none.db")) }
        #expect(throws: StoreError.self) { _ = try ResultsStore(reading: folder.path) }
        let other = try DatabaseQueue(path: folder("b.db"))
        try other.write { try $0.execute(sql: "CREATE TABLE t (x)") }
        #expect(throws: StoreError.self) { _ = try ResultsStore(writing: folder("b.db")) }
    }

    @Test("SHA-256 as published: the examples of FIPS 180-4", arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
    ])
    func sha256(_ text: String, _ digits: String) { #expect(ContentHash(of: text).description == digits) }
}

struct AnswerTests {
    private func sweep() throws -> SweepResults {
        let folder = try Folder()
        let store = try ResultsStore(writing: folder("a.db"))
        try store.begin(declaration(), resuming: false).write((0..<12).map(record))
        return try store.sweep()
    }

    @Test("The best point keeps all constraints, and no kept point is better")
    func best() throws {
        let sweep = try sweep()
        let best = try #require(sweep.best(for: .init(metric: "energy", goal: .min)))
        // Places 0 and 1 take 12 s and 11 s, more than the 10 s allowed.
        #expect(best.place == 2)
        #expect(sweep.points.allSatisfy { !sweep.isFeasible($0) || sweep.value("energy", of: $0) ?? 0 >= 2 })
    }

    @Test("No point of the front is dominated, and every point beside it is, or breaks a constraint")
    func front() throws {
        let sweep = try sweep(), front = sweep.front
        // Energy falls as time rises, so that all feasible points are on it; of the two equal ones, one.
        #expect(front.map(\.place).sorted() == [2, 3, 4, 5, 6, 8, 9, 10])
    }
}
