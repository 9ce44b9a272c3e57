import LearnedModels
import Quantities

extension LearnedEvaluation {
    /// The figures as files: name, and text as CSV. Errors, coverage and widths are fractions.
    public var tables: [(name: String, csv: String)] {
        [("held-out.csv", heldOut), ("ablations.csv", ablations), ("learning-curves.csv", curves), ("coverage.csv", coverage), ("power.csv", watts), ("skipped.csv", left)]
    }

    private func number(_ value: Double?) -> String { value.map { significant($0, digits: 4) } ?? "" }

    /// A cell that may hold commas or quotes.
    private func quoted(_ text: String) -> String { "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\"" }

    private func table(_ header: String, _ rows: [[String]]) -> String { ([header] + rows.map { $0.joined(separator: ",") }).joined(separator: "\n") + "\n" }

    private var heldOut: String {
        table("family,held_out,name,rows,median_ape,mape,coverage50,coverage90,width90", families.flatMap { family in
            family.scores.map { score in
                [family.family.rawValue, score.heldOut, score.name, "\(score.rows)"] + [score.median, score.mape, score.coverage50, score.coverage90, score.width90].map(number)
            }
        })
    }

    private var ablations: String {
        table("family,model,shapes_median_ape,shapes_mape,devices_median_ape,devices_mape,no_sibling_median_ape,no_sibling_mape", families.flatMap { family in
            family.ablations.map { [family.family.rawValue, quoted($0.name)] + [$0.shapes.median, $0.shapes.mape, $0.devices?.median, $0.devices?.mape, $0.alone?.median, $0.alone?.mape].map(number) }
        })
    }

    private var curves: String {
        table("family,part,rows,median_ape,mape", families.flatMap { family in
            family.curve.map { [family.family.rawValue, number($0.part), "\($0.rows)", number($0.errors.median), number($0.errors.mape)] }
        })
    }

    private var coverage: String {
        table("family,nominal,shapes,devices", families.flatMap { family in
            family.coverage.map { [family.family.rawValue, number($0.level), number($0.shapes), number($0.devices)] }
        })
    }

    private var watts: String {
        table("family,device,rows,median_ape,mape,analytic_median_ape,coverage90,width90,used", power.flatMap(\.scores).map { score in
            [score.family.rawValue, score.device, "\(score.rows)"] + [score.medianAPE, score.mape, score.analyticMedianAPE, score.coverage, score.width].map(number)
                + [score.isUsed ? "true" : "false"]
        })
    }

    private var left: String { table("file,rows,reason", skipped.entries.map { [$0.file, "\($0.rows)", quoted($0.reason)] }) }
}
