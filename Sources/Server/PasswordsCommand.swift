import ArgumentParser
import Directory
import Foundation

/// `redsteward passwords`: the list of leaked passwords that nobody may choose.
struct Passwords: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The list of leaked passwords that nobody may choose.",
        subcommands: [PasswordsImport.self, PasswordsState.self], defaultSubcommand: PasswordsState.self)
}

struct PasswordsImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Make the list from a file; the server uses it at once.",
        discussion: """
            One password a line, or lines SHA1:COUNT as public lists of leaked passwords have them; the first line says \
            which. The file may be of any size. Needs room for about 16 bytes an entry while it runs, 8 after. The list \
            that was there is replaced when the new one is whole. Of several servers each has its own folder: run it \
            for each.
            """)
    @Option(help: "The folder of the keys and the files.")
    var data: String
    @Argument(help: "The list.")
    var file: String

    func run() throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: data, isDirectory: &isFolder), isFolder.boolValue else {
            throw ValidationError("there is no folder \(data)")
        }
        do {
            let report = try LeakedImport(folder: data).run(file)
            print(
                "\(report.entries) entries from \(report.lines) lines of "
                    + (report.wereDigests ? "digests" : "passwords")
                    + (report.skipped > 0 ? "; \(report.skipped) were too long for a password" : ""))
        } catch let fault as LeakedImport.Fault {
            throw ValidationError(fault.description)
        }
    }
}

struct PasswordsState: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "state", abstract: "Say which list is in use.")
    @Option(help: "The folder of the keys and the files.")
    var data: String

    func run() throws {
        switch LeakedPasswords(folder: data).state() {
        case .imported(let count): print("\(count) entries, imported")
        case .system(let path, let count): print("\(count) words of \(path)")
        case .none: print("none: only well-known parts are refused")
        case .damaged:
            print("\(LeakedPasswords.fileName) is damaged and not used: import it again")
            throw ExitCode(1)
        }
    }
}
