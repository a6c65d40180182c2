using System.Globalization;
using Microsoft.Extensions.Options;

namespace AccioKestrel;

/// <summary>Checks the ranges that <see cref="AccioOptions"/> states, when the host starts.</summary>
/// <remarks>By hand, because the message of a generated validator does not name the value.</remarks>
internal sealed class AccioOptionsValidator : IValidateOptions<AccioOptions>
{
    public ValidateOptionsResult Validate(string? name, AccioOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        Check(nameof(options.IdleTimeout), options.IdleTimeout, AccioOptions.ShortestIdleTimeout, AccioOptions.LongestTime, "seconds");
        Check(nameof(options.ShutdownGrace), options.ShutdownGrace, 0, AccioOptions.LongestTime, "seconds");
        Check(nameof(options.Backlog), options.Backlog, 1, AccioOptions.LargestBacklog, "clients");
        Check(nameof(options.MinDataRate), options.MinDataRate ?? 1, AccioOptions.SmallestRate, AccioOptions.LargestRate, "bytes per second");
        Check(nameof(options.MinDataRateGracePeriod), options.MinDataRateGracePeriod, AccioOptions.ShortestGracePeriod, AccioOptions.LongestTime, "seconds");
        Check(nameof(options.HandshakeTimeout), options.HandshakeTimeout ?? 1, AccioOptions.ShortestIdleTimeout, AccioOptions.LongestTime, "seconds");
        Check(nameof(options.MaxExchangeDuration), options.MaxExchangeDuration ?? 1, AccioOptions.ShortestIdleTimeout, AccioOptions.LongestTime, "seconds");
        Check(nameof(options.MaxFileSize), options.MaxFileSize ?? 0, 0, long.MaxValue, "bytes");
        if (options.Allow is { } allow && AllowedNetworks.Parse(allow) is null)
        {
            result.AddError($"{AccioOptions.Section}:{nameof(options.Allow)} takes networks such as 10.0.0.0/8,2001:db8::/32, not {allow}.");
        }

        return result.Build();

        void Check(string key, double value, double smallest, double largest, string unit)
        {
            // Written so that what is not a number fails too.
            if (!(value >= smallest && value <= largest))
            {
                result.AddError(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{AccioOptions.Section}:{key} takes a number of {unit} from {smallest} to {largest}, not {value}."));
            }
        }
    }
}
