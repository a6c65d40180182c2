using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace AccioKestrel.Server;

/// <summary>Reads the settings file once, as a whole.</summary>
/// <remarks>Not by the framework's file provider, which ignores hidden files, pipes and files without read permission.</remarks>
internal static class SettingsFile
{
    public const string Default = "appsettings.json";

    /// <param name="file">The file that the command line names, or null for the default file.</param>
    /// <returns>Its content, or null if there is no default file.</returns>
    /// <exception cref="StartException">The file cannot be read, or is not JSON.</exception>
    public static IConfiguration? Load(string? file)
    {
        if (!Path.IsPathRooted(file))
        {
            ExpectWorkingDirectory();
        }

        if (file is null && !Path.Exists(Default))
        {
            return null;
        }

        var name = file is null ? Default : $"--config {file}";
        try
        {
            return new ConfigurationBuilder().AddJsonStream(new MemoryStream(SlowFile.RunUnlessStopped($"read {name}", () => SmallFile.Read(file ?? Default)))).Build();
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new StartException($"{name} does not exist; give the name of a JSON file.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartException(
                Directory.Exists(file ?? Default) ? $"{name} is a directory, not a JSON file." : $"{name} cannot be read: {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is FormatException or JsonException or InvalidOperationException)
        {
            throw new StartException($"{name} is not a JSON file of settings: {Problem(exception.GetBaseException())}", exception);
        }
    }

    /// <summary>The exception counts lines and bytes from 0, editors count them from 1.</summary>
    private static string Problem(Exception exception) => exception is JsonException { LineNumber: { } line, BytePositionInLine: { } position }
        ? string.Create(CultureInfo.InvariantCulture, $"line {line + 1}, byte {position + 1}: {exception.Message.Split(" LineNumber: ")[0]}")
        : exception.Message;

    private static void ExpectWorkingDirectory()
    {
        try
        {
            _ = Environment.CurrentDirectory;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartException("The working directory does not exist any more; start the server in one that does.", exception);
        }
    }
}
