import Kernel

extension Phrase {
    package static let pictureNotAPicture = Phrase(
        "这个文件不是照片，请换一张照片。", "This file is not a photo. Please choose a photo.")
    package static let pictureTooLarge = Phrase(
        "这张照片太大了（超过 {0} MB），请换一张小一点的。",
        "This photo is too large (over {0} MB). Please choose a smaller one.")
    package static let pictureTooManyPixels = Phrase(
        "这张照片的尺寸太大了，打不开，请换一张或重新拍一张。",
        "This photo has too many dots for us to open. Please choose another or take a new one.")
    package static let pictureDamaged = Phrase(
        "这张照片坏了或没有传完整，请再传一次或重新拍一张。",
        "This photo is damaged or did not arrive whole. Please send it again or take a new one.")
    package static let pictureUnsupported = Phrase(
        "暂时不能用 {0} 格式的图片，请换成普通照片（JPG）。",
        "{0} pictures cannot be used here. Please choose an ordinary photo (JPG).")
    package static let filesUnavailable = Phrase(
        "照片库暂时连不上，照片存不了也看不了。请过一会儿再试。",
        "The photo store cannot be reached just now, so photos can be neither kept nor shown. Please try again later.")
}
