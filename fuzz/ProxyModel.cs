using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace AccioKestrel.Fuzz;

/// <summary>A model of the PROXY header in front of the exchange. Like <see cref="Model"/>, it shares no code with the server.</summary>
internal static partial class ProxyModel
{
    /// <summary>The line of a connection that was refused, which is none.</summary>
    public const string Refusal = "refused";

    /// <summary>The line of a connection that was not served for another reason.</summary>
    public const string NoLine = "";

    private const string Address = @"((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
    private const string Port = "(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3}|0)";

    public static IPEndPoint Balancer { get; } = IPEndPoint.Parse("10.0.0.5:1000");

    public static Verdict Predict(Script script)
    {
        var bytes = new List<byte>();
        var passed = TimeSpan.Zero;
        for (var i = 0; i < script.Steps.Count; i++)
        {
            passed += script.Steps[i].Silence;
            if (passed >= TimeSpan.FromSeconds(3))
            {
                return NotServed(Refusal);
            }

            bytes.AddRange(script.Steps[i].Bytes.Span);
            if (bytes.Count == 0)
            {
                continue;
            }

            switch (HeaderOf([.. bytes]))
            {
                case (_, _, IsWrong: true):
                    return NotServed(Refusal);
                case ({ } length, var client, _) when length <= bytes.Count:
                    return Predict(script.After(i + 1, bytes.ToArray().AsMemory(length)), client);
            }
        }

        return NotServed(script.End switch
        {
            ScriptEnd.Stop => NoLine,
            ScriptEnd.HalfClose or ScriptEnd.Reset when bytes.Count == 0 => NoLine,
            _ => Refusal,
        });
    }

    /// <summary>The exchange behind a right header.</summary>
    private static Verdict Predict(Script script, IPEndPoint? client)
    {
        var verdict = Model.Predict(script) with { Client = $"{client ?? Balancer}" };
        var isUntouched = verdict is { Failure: ExchangeFailure.EndedEarly or ExchangeFailure.Reset or ExchangeFailure.ServerStopped } && script.Steps.TrueForAll(step => step.Bytes.IsEmpty);
        return isUntouched && (client ?? Balancer).Equals(Balancer) ? verdict with { Line = NoLine, Failure = null } : verdict;
    }

    private static Verdict NotServed(string line) => new(line, null, Sent: 0, $"{Balancer}");

    /// <returns>The header's length if it is known, the client if it names one, and whether the bytes are no header.</returns>
    private static (int? Length, IPEndPoint? Client, bool IsWrong) HeaderOf(byte[] bytes)
    {
        var text = Encoding.Latin1.GetString(bytes);
        return "\r\n\r\n\0\r\nQUIT\n" is var signature && Agree(text, signature) ? BinaryOf(bytes) : Agree(text, "PROXY ") ? LineOf(text) : (null, null, true);
    }

    private static bool Agree(string one, string other) =>
        one.StartsWith(other, StringComparison.Ordinal) || other.StartsWith(one, StringComparison.Ordinal);

    private static (int? Length, IPEndPoint? Client, bool IsWrong) BinaryOf(byte[] bytes)
    {
        if (bytes.Length < 16)
        {
            return (null, null, false);
        }

        var length = 16 + (bytes[14] << 8) + bytes[15];
        switch (bytes[12], bytes[13])
        {
            case (0x20, _):
            case (0x21, 0x00 or 0x01 or 0x02 or 0x10 or 0x12 or 0x20 or 0x22 or 0x30 or 0x31 or 0x32):
                return (length, null, false);
            case (0x21, 0x11) when length >= 28:
                return bytes.Length < 28 ? (null, null, false) : (length, new IPEndPoint(new IPAddress(bytes[16..20]), (bytes[24] << 8) + bytes[25]), false);
            case (0x21, 0x21) when length >= 52:
                return bytes.Length < 52 ? (null, null, false) : (length, new IPEndPoint(new IPAddress(bytes[16..32]), (bytes[48] << 8) + bytes[49]), false);
            default:
                return (null, null, true);
        }
    }

    private static (int? Length, IPEndPoint? Client, bool IsWrong) LineOf(string text)
    {
        var length = text.IndexOf("\r\n", StringComparison.Ordinal) + 2;
        if (length is < 2 or > 107)
        {
            return (null, null, text.Length >= 107);
        }

        var line = text[..(length - 2)];
        if (line.Equals("PROXY UNKNOWN", StringComparison.Ordinal) || line.StartsWith("PROXY UNKNOWN ", StringComparison.Ordinal))
        {
            return (length, null, false);
        }

        var match = Grammar().Match(line);
        return match.Success && IPAddress.TryParse(match.Groups["client"].Value, out var client) && IPAddress.TryParse(match.Groups["server"].Value, out _)
            ? (length, new IPEndPoint(client, int.Parse(match.Groups["port"].Value, System.Globalization.CultureInfo.InvariantCulture)), false)
            : (null, null, true);
    }

    [GeneratedRegex(
        @$"^PROXY (TCP4 (?<client>{Address}) (?<server>{Address})|TCP6 (?=[^ ]*:)(?<client>[0-9A-Fa-f:.]+) (?=[^ ]*:)(?<server>[0-9A-Fa-f:.]+)) (?<port>{Port}) {Port}\z",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Grammar();
}
