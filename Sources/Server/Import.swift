import ArgumentParser

struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Import cases from CSV.")
    func run() async throws {}
}
