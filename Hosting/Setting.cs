using System.Globalization;

namespace AccioKestrel.Hosting;

/// <summary>One setting. Validation, command-line option, help, documents and completions are all made from this description.</summary>
/// <param name="Key">Its name in the configuration section <c>Accio</c>, from which the option's name follows.</param>
/// <param name="ValueName">The placeholder for its value in the help; null for a switch.</param>
/// <param name="Allowed">The allowed values, with unit and range. Messages put it behind "takes".</param>
/// <param name="IsAllowed">Whether a value is allowed.</param>
/// <param name="Description">What it does, in one sentence.</param>
/// <param name="Default">Its default, as text.</param>
internal sealed record Setting(string Key, string? ValueName, string Allowed, Func<string, bool> IsAllowed, string Description, string Default = "none")
{
    /// <summary>The path of the setting in the configuration.</summary>
    public string Path { get; } = $"{AccioOptions.Section}:{Key}";

    /// <summary>The option's name: <c>IdleTimeout</c> becomes <c>--idle-timeout</c>.</summary>
    public string Option { get; } =
        $"-{string.Concat(Key.Select(letter => char.IsAsciiLetterUpper(letter) ? $"-{char.ToLowerInvariant(letter)}" : $"{letter}"))}";

    /// <summary>Whether the option may be given more than once. The value is then a comma-separated list.</summary>
    public bool IsRepeatable { get; init; }

    /// <summary>Whether only hosts have the setting: the program has no receiver that it limits.</summary>
    public bool IsForHostsAlone { get; init; }

    /// <summary>Reads the value from <see cref="AccioOptions"/> as text; null if it is not set. Null for settings that only the program has.</summary>
    public Func<AccioOptions, string?>? Read { get; init; }

    /// <summary>The option's text in the help.</summary>
    public string Help => $"{Description} Takes {Allowed}{(IsRepeatable ? "; may be given more than once" : "")}. Default: {Default}.";

    /// <param name="name">The name under which the value was given.</param>
    /// <param name="value">The value.</param>
    /// <returns>Why the value is not allowed.</returns>
    public string Reject(string name, string value) => $"{name} takes {Allowed}, not '{value}'.";

    /// <returns>Why something that is no single value is not allowed.</returns>
    public string RejectKind(string name, string kind) => $"{name} takes {Allowed}, not {kind}.";

    /// <summary>A number in <see cref="AccioOptions"/>: digits and, unless the style forbids it, a decimal point.</summary>
    public static Setting Number(
        string key, Func<AccioOptions, object?> read, string valueName, string unit, decimal smallest, decimal largest, string description,
        NumberStyles style = NumberStyles.AllowDecimalPoint) =>
        Of(
            key, read, valueName, string.Create(CultureInfo.InvariantCulture, $"a number of {unit} from {smallest} to {largest}"),
            text => IsNumber(text, smallest, largest, style), description);

    /// <summary>Whether the text is a number in this range.</summary>
    public static bool IsNumber(string text, decimal smallest, decimal largest, NumberStyles style = NumberStyles.AllowDecimalPoint) =>
        decimal.TryParse(text, style, CultureInfo.InvariantCulture, out var number) && number >= smallest && number <= largest;

    /// <summary>A time in <see cref="AccioOptions"/>, in seconds.</summary>
    public static Setting Seconds(string key, Func<AccioOptions, object?> read, string description) =>
        Number(key, read, "SECONDS", "seconds", smallest: 0.001m, largest: 86_400, description);

    /// <summary>A setting in <see cref="AccioOptions"/>. Its default is that of the property.</summary>
    public static Setting Of(
        string key, Func<AccioOptions, object?> read, string? valueName, string allowed, Func<string, bool> isAllowed, string description)
    {
        return new(key, valueName, allowed, isAllowed, description, Text(new AccioOptions()) ?? "none") { Read = Text };

        string? Text(AccioOptions options) => read(options) switch
        {
            // Without an exponent, which double uses for large and small numbers and a setting does not accept.
            double number => number.ToString("0.####################", CultureInfo.InvariantCulture),
            bool isOn => isOn ? "true" : "false",
            null => null,
            var value => Convert.ToString(value, CultureInfo.InvariantCulture),
        };
    }
}
