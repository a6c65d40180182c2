using System.Runtime.Versioning;
using System.Text.Json.Nodes;

namespace AccioKestrel.Testing;

/// <summary>
/// The branches for other systems than Linux, run on Linux: with ACCIO_PORTABLE=1 in the environment of the tests, by the tests' process and
/// by the programs that they start.
/// </summary>
internal static class PortableBranches
{
    private const string Switch = "AccioKestrel.Portable";

    public static bool AreForced { get; } = Environment.GetEnvironmentVariable("ACCIO_PORTABLE") is "1";

    /// <summary>To be called before any code reads the switch.</summary>
    public static void ForceInThisProcess()
    {
        if (AreForced)
        {
            AppContext.SetSwitch(Switch, true);
        }
    }

    /// <summary>A program that was built with the tests. If the portable branches are forced, a script that starts it with them.</summary>
    public static string ProgramOf(string name)
    {
        var program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? $"{name}.exe" : name);
        if (!AreForced || OperatingSystem.IsWindows())
        {
            return program;
        }

        // The program itself has no way to set the switch. Its host takes another runtime configuration.
        // The shell drops variables of the environment whose names have dots.
        var configuration = JsonNode.Parse(File.ReadAllText($"{program}.runtimeconfig.json"))!;
        configuration["runtimeOptions"]!["configProperties"]![Switch] = true;
        var folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "portable")).FullName;
        var (configurationFile, script) = (Path.Combine(folder, $"{name}.json"), Path.Combine(folder, name));
        Write(configurationFile, configuration.ToJsonString());
        Write(script, $"""
            #!/bin/sh
            exec dotnet exec --runtimeconfig '{configurationFile}' --depsfile '{program}.deps.json' '{program}.dll' "$@"

            """);
        return script;
    }

    /// <summary>Another test run may be reading the file.</summary>
    [UnsupportedOSPlatform("windows")]
    private static void Write(string file, string text)
    {
        var written = $"{file}.{Environment.ProcessId}";
        File.WriteAllText(written, text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(written, (UnixFileMode)0b111_101_101);
        }

        File.Move(written, file, overwrite: true);
    }
}
