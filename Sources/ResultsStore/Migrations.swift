internal import GRDB

extension ResultsStore {
    /// How the tables came to be as they are: each step once and for ever, in this order.
    ///
    /// What a sweep computes is a *point*: one job on one system under one runtime with one cost model, known by the hash of all
    /// their contents. A run has *places*, numbered as its grid numbers them, and each place names the point that stands there;
    /// equal points are stored once, whichever places and runs they stand in.
    static var migrations: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("runs, points and metrics") { db in
            try db.execute(sql: """
                CREATE TABLE specs (          -- files that runs rest on, by what is in them
                    hash BLOB PRIMARY KEY,    -- SHA-256 of the content
                    kind TEXT NOT NULL,       -- device, system, runtime, model, job, calibration, grid
                    name TEXT NOT NULL,
                    content TEXT NOT NULL
                );
                CREATE TABLE runs (
                    id INTEGER PRIMARY KEY,
                    key BLOB NOT NULL UNIQUE, -- SHA-256 of the grid, of all it rests on, and of the version
                    name TEXT NOT NULL,
                    summary TEXT NOT NULL,
                    version TEXT NOT NULL,    -- of the program
                    costModel TEXT NOT NULL,
                    grid TEXT NOT NULL,       -- the grid file, as JSON
                    strategy TEXT NOT NULL,
                    started REAL NOT NULL,    -- seconds since 1970
                    finished REAL,            -- NULL while points are missing
                    size INTEGER NOT NULL,    -- places of the whole run; of a search, the most it may evaluate
                    shard INTEGER NOT NULL,   -- 1 … shards: this file holds every shards-th place
                    shards INTEGER NOT NULL,
                    due INTEGER NOT NULL      -- places that this file is to hold
                );
                CREATE TABLE runSpecs (run INTEGER NOT NULL REFERENCES runs, hash BLOB NOT NULL REFERENCES specs, PRIMARY KEY (run, hash)) WITHOUT ROWID;
                CREATE TABLE axes (           -- place / stride % count is the choice on an axis; zipped axes share both
                    run INTEGER NOT NULL REFERENCES runs, axis INTEGER NOT NULL,
                    path TEXT NOT NULL, name TEXT NOT NULL, stride INTEGER NOT NULL, count INTEGER NOT NULL,
                    PRIMARY KEY (run, axis)
                ) WITHOUT ROWID;
                CREATE TABLE axisValues (
                    run INTEGER NOT NULL REFERENCES runs, axis INTEGER NOT NULL, choice INTEGER NOT NULL,
                    label TEXT NOT NULL, number REAL,   -- in the base unit, NULL for a name
                    PRIMARY KEY (run, axis, choice)
                ) WITHOUT ROWID;
                CREATE TABLE objectives (
                    run INTEGER NOT NULL REFERENCES runs, ordinal INTEGER NOT NULL, metric TEXT NOT NULL, goal TEXT NOT NULL,  -- min, max
                    PRIMARY KEY (run, ordinal)
                ) WITHOUT ROWID;
                CREATE TABLE constraints (
                    run INTEGER NOT NULL REFERENCES runs, ordinal INTEGER NOT NULL, metric TEXT NOT NULL,
                    relation TEXT NOT NULL, bound REAL NOT NULL, label TEXT NOT NULL,  -- <=, >=
                    PRIMARY KEY (run, ordinal)
                ) WITHOUT ROWID;
                CREATE TABLE metricKinds (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, unit TEXT NOT NULL, title TEXT NOT NULL);
                CREATE TABLE bases (id INTEGER PRIMARY KEY, content TEXT NOT NULL UNIQUE);  -- what figures rest on, as JSON
                CREATE TABLE points (
                    id INTEGER PRIMARY KEY,
                    key BLOB NOT NULL UNIQUE,
                    outcome INTEGER NOT NULL, -- 0 computed, 1 does not fit, 2 cannot be
                    reason TEXT,              -- where there is no answer, why
                    basis INTEGER REFERENCES bases
                );
                CREATE TABLE places (
                    run INTEGER NOT NULL REFERENCES runs, place INTEGER NOT NULL, point INTEGER NOT NULL REFERENCES points,
                    PRIMARY KEY (run, place)
                ) WITHOUT ROWID;
                CREATE TABLE metrics (
                    point INTEGER NOT NULL REFERENCES points, kind INTEGER NOT NULL REFERENCES metricKinds, value REAL NOT NULL,
                    PRIMARY KEY (point, kind)
                ) WITHOUT ROWID;
                """)
        }
        migrator.registerMigration("operators of points") { db in
            try db.execute(sql: """
                CREATE TABLE operators (      -- where a sweep was asked to keep them
                    point INTEGER NOT NULL REFERENCES points, ordinal INTEGER NOT NULL,
                    name TEXT NOT NULL, kind TEXT NOT NULL, device TEXT NOT NULL, count REAL NOT NULL, seconds REAL NOT NULL,
                    flops REAL NOT NULL, bytes REAL NOT NULL, joules REAL NOT NULL, bound TEXT NOT NULL, choice TEXT NOT NULL,
                    PRIMARY KEY (point, ordinal)
                ) WITHOUT ROWID;
                """)
        }
        migrator.registerMigration("measured runs and comparisons") { db in
            try db.execute(sql: """
                CREATE TABLE measuredRuns (
                    id INTEGER PRIMARY KEY,
                    file TEXT NOT NULL, row INTEGER NOT NULL,
                    device TEXT NOT NULL, software TEXT, phase TEXT NOT NULL, precision TEXT,
                    metric TEXT NOT NULL, value REAL NOT NULL, unit TEXT NOT NULL,
                    UNIQUE (file, row, metric)
                );
                CREATE TABLE comparisons (
                    measured INTEGER NOT NULL REFERENCES measuredRuns, costModel TEXT NOT NULL, version TEXT NOT NULL,
                    predicted REAL, reason TEXT,                 -- in the unit of the measured run; where nothing was predicted, why
                    PRIMARY KEY (measured, costModel, version)
                ) WITHOUT ROWID;
                """)
        }
        return migrator
    }
}
