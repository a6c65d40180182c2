using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace AccioKestrel.Hosting;

/// <summary>The configuration section <c>Accio</c> of a host.</summary>
internal static class AccioSection
{
    /// <summary>Checks names and values before the framework's binder reads them, which ignores what it does not know: a misspelt limit would be no limit.</summary>
    /// <exception cref="OptionsValidationException">A name is unknown, a value is not allowed, or a section stands where a value belongs.</exception>
    public static void Check(IConfiguration configuration)
    {
        var section = configuration.GetSection(AccioOptions.Section);
        var problems = section.GetChildren().Select(Problem).Prepend(
            section.Value is { Length: > 0 } value ? $"{section.Path} {NotASection(value)}" : null);
        if (problems.OfType<string>().ToList() is { Count: > 0 } found)
        {
            throw new OptionsValidationException(Options.DefaultName, typeof(AccioOptions), found);
        }
    }

    /// <summary>Reads JSON arrays of networks. The generated binder does not bind an array to a string, and every client would be allowed.</summary>
    public static void BindNetworks(AccioOptions options, IConfiguration configuration)
    {
        options.Allow = NetworksOf(nameof(AccioOptions.Allow)) ?? options.Allow;
        options.ProxyProtocol = NetworksOf(nameof(AccioOptions.ProxyProtocol)) ?? options.ProxyProtocol;

        string? NetworksOf(string key) => List(configuration.GetSection(AccioOptions.Section).GetSection(key));
    }

    /// <returns>The elements of a JSON array, separated by commas, or null if the section is not an array.</returns>
    public static string? List(IConfigurationSection section)
    {
        var elements = section.GetChildren().ToList();
        return elements.Count > 0 && elements.TrueForAll(element => element.Value is not null && int.TryParse(element.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            ? string.Join(',', elements.Select(element => element.Value))
            : null;
    }

    /// <returns>The rest of a message about a section that has a value.</returns>
    public static string NotASection(string? value) => $"is a section of settings, a JSON object, and cannot be '{value}'.";

    /// <returns>What is wrong with one entry of the section, or null.</returns>
    private static string? Problem(IConfigurationSection given)
    {
        if (AccioOptions.Settings.FirstOrDefault(setting => setting.Key.Equals(given.Key, StringComparison.OrdinalIgnoreCase)) is not { } setting)
        {
            var known = string.Join(", ", AccioOptions.Settings.Select(setting => setting.Key));
            return $"{given.Path} is not a setting. Those of {AccioOptions.Section} are {known}.";
        }

        if (!given.GetChildren().Any())
        {
            // A JSON null is no value: the default holds.
            return given.Value is { } value && !setting.IsAllowed(value) ? setting.Reject(given.Path, value) : null;
        }

        // One source gives a value, another a list or a section: the configuration does not tell which came last.
        return given.Value is { Length: > 0 } ? setting.RejectKind(given.Path, $"both '{given.Value}' and {(setting.IsRepeatable ? "an array" : "a section")}")
            : setting.IsRepeatable && List(given) is not null ? null
            : setting.RejectKind(given.Path, "a section");
    }
}
