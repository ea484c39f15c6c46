import Server

await RedSteward.start()
