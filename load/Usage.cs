using System.Globalization;

namespace AccioKestrel.Load;

/// <summary>What a process takes of the machine.</summary>
/// <param name="Memory">Resident memory in KiB.</param>
/// <param name="Descriptors">Open descriptors.</param>
/// <param name="Threads">Threads.</param>
internal readonly record struct Usage(int Memory, int Descriptors, int Threads)
{
    public static Usage Of(int process)
    {
        var status = File.ReadLines($"/proc/{process}/status")
            .Select(line => line.Split(':', 2))
            .ToDictionary(field => field[0], field => field[1].Split(' ', '\t').FirstOrDefault(word => word.Length > 0), StringComparer.Ordinal);
        return new(Number(status["VmRSS"]!), Directory.GetFileSystemEntries($"/proc/{process}/fd").Length, Number(status["Threads"]!));
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Memory / 1024.0:0.0} MiB, {Descriptors} descriptors, {Threads} threads");

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
