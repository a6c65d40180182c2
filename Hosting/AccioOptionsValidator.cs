using Microsoft.Extensions.Options;

namespace AccioKestrel.Hosting;

/// <summary>Checks <see cref="AccioOptions"/> against the ranges of the settings when the host starts.</summary>
/// <remarks>Not a generated validator, because its messages would not name the value.</remarks>
internal sealed class AccioOptionsValidator : IValidateOptions<AccioOptions>
{
    public ValidateOptionsResult Validate(string? name, AccioOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        foreach (var setting in AccioOptions.Settings)
        {
            if (setting.Read?.Invoke(options) is { } value && !setting.IsAllowed(value))
            {
                result.AddError(setting.Reject(setting.Path, value));
            }
        }

        return result.Build();
    }
}
