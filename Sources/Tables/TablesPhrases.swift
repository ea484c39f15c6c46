import Kernel

extension Phrase {
    package static let tableEmpty = Phrase("文件里什么都没有。", "The file holds nothing.")
    package static let tableEncrypted = Phrase(
        "这个表加了密码，读不了。请在 Excel 里去掉密码，另存后再交。",
        "This workbook has a password. Remove it in Excel, save the file and send it again.")
    package static let tableOldExcel = Phrase(
        "这是旧版 Excel（.xls）。请另存为“Excel 工作簿（.xlsx）”或 CSV 再交。",
        "This is the old Excel format (.xls). Save it as .xlsx or CSV and send it again.")
    package static let tableBinary = Phrase(
        "这是二进制工作簿（.xlsb）。请另存为 .xlsx 或 CSV 再交。",
        "This is a binary workbook (.xlsb). Save it as .xlsx or CSV and send it again.")
    package static let tableOpenDocument = Phrase(
        "这是 OpenDocument 表格（.ods）。请另存为 .xlsx 或 CSV 再交。",
        "This is an OpenDocument sheet (.ods). Save it as .xlsx or CSV and send it again.")
    package static let tableHTML = Phrase(
        "这其实是一个网页，不是表格。请用 Excel 打开后另存为 .xlsx 再交。",
        "This is really a web page, not a table. Open it in Excel, save it as .xlsx and send it again.")
    package static let tableOtherFile = Phrase(
        "这不是表格，只收 .xlsx 和 CSV。", "This is not a table. Only .xlsx and CSV are taken.")
    package static let tableDamaged = Phrase(
        "文件坏了或者没传完，读不下去。请重新另存一份再交。", "The file is damaged or cut off. Save it anew and send it again.")
    package static let tableUnpacksTooFar = Phrase(
        "这个文件解开后大得不正常，没有收下。", "This file unpacks to far more than a table holds and was not accepted.")
    package static let tableTooManyEntries = Phrase(
        "这个文件里零件太多，不像一张表，没有收下。", "This file has too many parts for a workbook and was not accepted.")
    package static let tableTooManyRows = Phrase(
        "行数太多，请分成几个文件。", "There are too many rows. Split the file.")
    package static let tableTooManyColumns = Phrase(
        "列数太多，最多 512 列。", "There are too many columns; 512 at most.")
    package static let tableTooManyTexts = Phrase(
        "不同的文字太多，请另存为 CSV 再交。", "There are too many different texts. Save it as CSV and send it again.")
    package static let tableCellTooLong = Phrase("有一格太长了，最多 64 KB。", "A cell is too long; 64 KB at most.")
    package static let tableNoSheet = Phrase("没有这张工作表。", "There is no such sheet.")
    package static let tableUnknownEncoding = Phrase(
        "认不出文字编码，请另存为 UTF-8 的 CSV 或 .xlsx。", "The encoding is unknown. Save it as UTF-8 CSV or .xlsx.")
}
