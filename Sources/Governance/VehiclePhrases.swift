import Kernel

/// The signs of number plates that are no Latin letters.
enum PlateWords {
    static let provinces = Set("京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼")
    /// The last sign of a class of its own.
    static let classes = Set("警学挂港澳使领")
    /// Of fire and rescue: the last two signs.
    static let emergency: [Character] = ["应", "急"]
    /// Of an embassy: the first sign, before six digits.
    static let embassy: Character = "使"
    /// Of a vehicle that has no plate yet: before or behind its number.
    static let temporary: Character = "临"
    static let dots = Set("·．.•・-")
}

extension Phrase {
    package static let vehiclesTitle = Phrase("车辆", "Vehicles")
    package static let myVehiclesTitle = Phrase("我家的车", "Vehicles of my home")
    package static let vehicleAdd = Phrase("登记一辆车", "Register a vehicle")
    package static let vehiclePlate = Phrase("车牌号", "Plate")
    package static let vehicleEnd = Phrase("不再停这里", "Remove")
    package static let vehicleFind = Phrase("按完整车牌找", "Find by the whole plate")
    package static let vehicleUnmask = Phrase("看完整车牌", "Show the plate")
    package static let vehicleShown = Phrase("完整车牌：{0}（已记录查看原因）", "Plate: {0}. The reason is recorded.")
}
