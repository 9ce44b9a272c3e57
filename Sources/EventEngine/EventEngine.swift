// Room: EventEngine
