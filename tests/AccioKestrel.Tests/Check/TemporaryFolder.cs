namespace AccioKestrel.Tests.Check;

/// <summary>Where reports are written, and submissions lie.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("accio-check-test-").FullName;

    public string In(string name) => Path.Combine(_path, name);

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
