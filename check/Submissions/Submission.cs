namespace AccioKestrel.Checker;

/// <summary>A folder that was handed in: where its server or client is.</summary>
internal sealed class Submission(string folder)
{
    private static readonly string[] s_servers = ["server-s.py", "server.py", "accio-server.py"];
    private static readonly string[] s_clients = ["client.py", "accio-client.py"];

    public string Folder { get; } = Path.GetFullPath(folder);

    public string Name => Path.GetFileName(Folder);

    /// <summary>The servers, or clients, by their paths in it, wherever they are: those of the course's name and nearest to the top first.</summary>
    public string[] Programs(bool isClient) =>
        [.. NamesOf(isClient).SelectMany(name => Files.Where(file => string.Equals(Path.GetFileName(file), name, StringComparison.Ordinal)).OrderBy(file => file.Count('/')))];

    /// <summary>The course's name, and others that are taken too.</summary>
    public static string[] NamesOf(bool isClient) => isClient ? s_clients : s_servers;

    /// <summary>The files of the submission, by their paths in it. What git keeps for itself is left out.</summary>
    public IEnumerable<string> Files =>
        Directory.EnumerateFiles(Folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true })
            .Select(file => Path.GetRelativePath(Folder, file))
            .Where(file => !file.Split('/').Contains(".git", StringComparer.Ordinal))
            .Order(StringComparer.Ordinal);
}
