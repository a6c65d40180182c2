namespace AccioKestrel.Checker;

/// <summary>One process, as <c>/proc/PID/stat</c> describes it.</summary>
internal readonly record struct ProcessEntry(int Id, int Group, int Session, long ResidentBytes);
