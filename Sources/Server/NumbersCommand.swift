import ArgumentParser
import Foundation
import Insight
import Storage

/// `redsteward numbers`: the read model of the screens, compared with the cases or made again from them.
struct Numbers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare the numbers of the screens with the cases, or make them again.",
        subcommands: [NumbersCheck.self, NumbersRebuild.self], defaultSubcommand: NumbersCheck.self)
}

struct NumbersCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Compare; changes nothing. Ends with 1 when they differ.",
        discussion: """
            Of the last fifteen days and of all that is open. Beside a server, what happens meanwhile may show as a \
            difference: then look again.
            """)
    @OptionGroup var place: DataOptions

    func run() async throws {
        let place = place.place
        try await place.requireHouse()
        let database = try await told(where: place) { try await place.openReadOnly() }
        let found: Projection.Difference
        do {
            found = try await Projection(database: database, world: SystemWorld.make()).check()
        } catch {
            try? await database.close()
            throw error
        }
        try await database.close()
        print("\(found.cases) cases looked at, \(found.facts) facts and \(found.counts) counts differ")
        if found.waiting { print("events wait to be taken in: look again when a server has run") }
        if found.isWalking { print("the walk through the cases is not over") }
        if !found.isNone { throw ExitCode(1) }
    }
}

struct NumbersRebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild", abstract: "Make them again from the cases.",
        discussion: """
            May be stopped at any moment: the next server, or the same command, goes on. Counts of days of which single \
            facts are gone stay as they are.
            """)
    @OptionGroup var place: DataOptions

    func run() async throws {
        try await place.place.requireHouse()
        let house = try await open(place.configuration())
        do {
            try await house.insight.projection.again()
            while try await house.insight.projection.walk(cases: 2000) {}
            let found = try await house.insight.projection.check()
            print("\(found.cases) cases counted, \(found.facts + found.counts) differences")
        } catch {
            try? await house.close()
            throw error
        }
        try await house.close()
    }
}
