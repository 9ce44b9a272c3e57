import Documents
import Quantities
import Testing
@testable import Workloads

@Suite("Models")
struct ModelTests {
    @Test("dump", arguments: shippedModels)
    func dump(_ id: String) throws {
        let m = try model(id)
        let p = m.parameters
        print("DUMP", id, p.total, m.activeParameters.total, m.cacheElementsPerToken, p.embeddings, p.attention, p.feedForward, p.experts, p.sharedExperts, p.router, p.norms, p.biases, p.outputHead)
    }
}
