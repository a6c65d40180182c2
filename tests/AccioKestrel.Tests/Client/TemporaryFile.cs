namespace AccioKestrel.Tests.Client;

/// <summary>A file that is gone at the end of its test.</summary>
internal sealed class TemporaryFile : IDisposable
{
    private TemporaryFile() => Name = Path.GetTempFileName();

    public string Name { get; }

    public static TemporaryFile Of(byte[] bytes)
    {
        var file = new TemporaryFile();
        File.WriteAllBytes(file.Name, bytes);
        return file;
    }

    /// <summary>A file of this size that takes no room on the disk.</summary>
    public static TemporaryFile Sparse(long size)
    {
        var file = new TemporaryFile();
        using var stream = File.OpenWrite(file.Name);
        stream.SetLength(size);
        return file;
    }

    public void Dispose() => File.Delete(Name);
}
