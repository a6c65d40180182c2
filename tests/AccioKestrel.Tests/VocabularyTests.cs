using System.Net;
using System.Text.Json;

namespace AccioKestrel.Tests;

/// <summary>Each reason for an ERROR has one name for people, and the documents explain it under that name.</summary>
public sealed class VocabularyTests
{
    public static TheoryData<string> Failures => [.. Enum.GetNames<ExchangeFailure>()];

    [Theory]
    [MemberData(nameof(Failures))]
    public void Failure_HasItsRowInTheReference(string name)
    {
        var words = ExchangeWords.Of(Enum.Parse<ExchangeFailure>(name));
        var metric = JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
        var json = JsonNamingPolicy.CamelCase.ConvertName(name);
        Assert.Contains($"\n| {words} | `{json}` | `{metric}` | ", File.ReadAllText(Repository.PathOf("docs/REFERENCE.md")), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public void Failure_HasAReasonInEachStep(string name)
    {
        var failure = Enum.Parse<ExchangeFailure>(name);
        Assert.All(Enum.GetValues<ExchangeStep>(), step =>
        {
            var reason = ReasonOf(failure, step);
            Assert.StartsWith($"{ExchangeWords.Of(failure)}: ", reason, StringComparison.Ordinal);
            Assert.True(reason.Length > ExchangeWords.Of(failure).Length + 2, reason);
        });
    }

    [Fact]
    public void Failures_AndSteps_HaveWordsOfTheirOwn()
    {
        Assert.Distinct(Enum.GetValues<ExchangeFailure>().Select(ExchangeWords.Of));
        Assert.Distinct(Enum.GetValues<ExchangeStep>().Select(ExchangeWords.Of));
    }

    private static string ReasonOf(ExchangeFailure failure, ExchangeStep step)
    {
        var exchange = new ActiveExchange("00000001", new IPEndPoint(IPAddress.Loopback, 1), TimeProvider.System)
        {
            Step = step,
            WrongByte = failure is ExchangeFailure.WrongByte ? new WrongByte("confirm-accio", 1, (byte)'c', (byte)'x', Hint: null) : null,
        };
        return ExchangeWords.Reason(exchange, failure);
    }
}
