using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AccioKestrel.Tests.Hosting;

/// <summary>The results of a host: who receives them, in which order, and what becomes of those that a receiver does not take.</summary>
public sealed class ResultReceiverTests : IDisposable
{
    private const int ResultUndelivered = 50;
    private const int ReceiverBack = 51;

    private readonly LogQueue _log = new();

    public void Dispose() => _log.Dispose();

    [Fact]
    public void AddAccio_Alone_PrintsNothing_AndStandardOutputIsAddedOnce()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddAccio();
        using (var services = builder.Services.BuildServiceProvider())
        {
            Assert.Empty(services.GetServices<IResultReceiver>());
        }

        builder.Services.AddAccioStandardOutput().AddAccioStandardOutput();
        using (var services = builder.Services.BuildServiceProvider())
        {
            Assert.Single(services.GetServices<IResultReceiver>());
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Receivers_BeforeAndAfterAddAccio_GetEachResultInTheOrderOfRegistration(bool addAccioFirst)
    {
        var calls = new List<string>();
        await using var app = await StartAsync(services =>
        {
            if (addAccioFirst)
            {
                services.AddAccio();
            }

            services.AddSingleton<IResultReceiver>(new Receiver((result, _) => AddAsync($"slow {result.Line}")));
            services.AddSingleton<IResultReceiver>(new Receiver((result, _) => Add($"fast {result.Line}")));
            services.AddAccio();
        });

        await TransferAsync(app, 5);
        await TransferAsync(app, 7);

        Assert.Equal(["slow 5", "fast 5", "slow 7", "fast 7"], calls);
        await app.StopAsync(TestContext.Current.CancellationToken).OrGiveUp();

        ValueTask Add(string call)
        {
            calls.Add(call);
            return ValueTask.CompletedTask;
        }

        async ValueTask AddAsync(string call)
        {
            await Task.Yield();
            calls.Add(call);
        }
    }

    [Fact]
    public async Task Result_HasTheCircumstancesOfItsExchange()
    {
        var results = new ResultQueue();
        await using var app = await StartAsync(services => services.AddAccio().AddSingleton<IResultReceiver>(results));
        var before = DateTimeOffset.UtcNow;

        using var good = await AccioClient.ConnectAsync(PortOf(app));
        await good.TransferAsync(1234);
        var counted = await results.NextAsync();
        using var bad = await AccioClient.ConnectAsync(PortOf(app));
        await bad.SendAsync("x");
        await bad.WaitForCloseAsync();
        var failed = await results.NextAsync();

        Assert.Equal((1234, null, null, ExchangeStep.File, "1234"), (counted.Bytes, counted.Failure, counted.Reason, counted.Step, counted.Line));
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, good.LocalPort), counted.Peer);
        Assert.NotEmpty(counted.ConnectionId);
        Assert.NotEqual(counted.ConnectionId, failed.ConnectionId);
        Assert.Equal((0, ExchangeFailure.WrongByte, ExchangeStep.FirstConfirmation, "ERROR"), (failed.Bytes, failed.Failure, failed.Step, failed.Line));
        Assert.StartsWith("wrong byte: ", failed.Reason, StringComparison.Ordinal);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, bad.LocalPort), failed.Peer);
        Assert.Equal(TimeSpan.Zero, counted.EndedAt.Offset);
        Assert.Equal(counted.EndedAt, counted.StartedAt + counted.Duration);
        Assert.True(before - TimeSpan.FromSeconds(1) < counted.StartedAt && counted.EndedAt <= DateTimeOffset.UtcNow, $"{counted}");
        await app.StopAsync(TestContext.Current.CancellationToken).OrGiveUp();
    }

    [Fact]
    public async Task NextClient_IsServedOnlyWhenAllReceiversHaveTheResult()
    {
        var taken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await StartAsync(services => services.AddAccio().AddSingleton<IResultReceiver>(new Receiver((_, _) => new ValueTask(taken.Task))));
        using var first = await AccioClient.ConnectAsync(PortOf(app));
        await first.TransferUnansweredAsync(5);
        using var next = await AccioClient.ConnectAsync(PortOf(app));

        await next.ExpectSilenceAsync();
        taken.SetResult();

        await next.ExpectCommandAsync();
        await app.StopAsync(TestContext.Current.CancellationToken).OrGiveUp();
    }

    [Fact]
    public async Task Receiver_CompletedOnAThreadOfTheHost_DoesNotBlockThatThread()
    {
        // Without RunContinuationsAsynchronously, as a host may have it.
        var taken = new TaskCompletionSource();
        var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await StartAsync(services => services.AddAccio().AddSingleton<IResultReceiver>(new Receiver((_, _) =>
        {
            called.SetResult();
            return new ValueTask(taken.Task);
        })));
        using var client = await AccioClient.ConnectAsync(PortOf(app));
        await client.TransferUnansweredAsync(5);
        await called.Task.OrGiveUp();

        // No other client comes, so an accept on this thread would block it.
        var host = new Thread(taken.SetResult);
        host.Start();
        Assert.True(host.Join(Patience.Limit));
        await app.StopAsync(TestContext.Current.CancellationToken).OrGiveUp();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Receiver_ThatThrows_IsLoggedWithTheResult_AndTheOthersGetIt(bool later)
    {
        var results = new ResultQueue();
        await using var app = await StartAsync(services => services.AddAccio()
            .AddSingleton<IResultReceiver>(new Receiver((_, _) => later ? ThrowLaterAsync() : throw new InvalidOperationException("no room")))
            .AddSingleton<IResultReceiver>(results));

        await TransferAsync(app, 5);
        await TransferAsync(app, 7);

        Assert.Equal(5, await results.NextSizeAsync());
        Assert.Equal(7, await results.NextSizeAsync());
        Assert.Equal(2, app.Services.GetRequiredService<ExchangeHistory>().UndeliveredResults);
        Assert.Collection(_log.Of(ResultUndelivered), message => ExpectWhole(message, 5), message => ExpectWhole(message, 7));
        await app.StopAsync(TestContext.Current.CancellationToken).OrGiveUp();

        static void ExpectWhole(string message, int size) => Assert.Matches(
            $@"^Receiver did not take a result, InvalidOperationException: no room: \S+ 127\.0\.0\.1:\d+: {size}, counted, {size} file bytes, step File, from 20\S+ to 20\S+, \d+\.\d{{3}} s$",
            message);

        static async ValueTask ThrowLaterAsync()
        {
            await Task.Yield();
            throw new InvalidOperationException("no room");
        }
    }

    [Fact]
    public async Task Receiver_ThatHangs_IsGivenUp_AndGetsResultsAgainWhenItIsBack()
    {
        var back = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var canceled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (received, results) = (new List<string>(), new ResultQueue());
        await using var app = await StartAsync(services => services.AddAccio(options => options.ResultTimeout = 1)
            .AddSingleton<IResultReceiver>(new Receiver(HangOnceAsync))
            .AddSingleton<IResultReceiver>(results));

        await TransferAsync(app, 1);
        await canceled.Task.OrGiveUp();
        // Still busy with the first one: it gets no other.
        await TransferAsync(app, 2);
        Assert.Equal(["1"], received);
        back.SetException(new InvalidOperationException("late"));
        await Patience.UntilEqual(1, () => _log.Of(ReceiverBack).Count);
        Assert.Equal(["Receiver takes results again: its late delivery has failed, InvalidOperationException: late"], _log.Of(ReceiverBack));
        await TransferAsync(app, 3);

        Assert.Equal(["1", "3"], received);
        Assert.Collection(
            _log.Of(ResultUndelivered),
            message => Assert.StartsWith("Receiver did not take a result, timed out after 1 s: ", message, StringComparison.Ordinal),
            message => Assert.StartsWith("Receiver did not take a result, still busy with an earlier result: ", message, StringComparison.Ordinal));
        Assert.Equal(2, app.Services.GetRequiredService<ExchangeHistory>().UndeliveredResults);
        for (var size = 1; size <= 3; size++)
        {
            Assert.Equal(size, await results.NextSizeAsync());
        }

        await app.StopAsync(TestContext.Current.CancellationToken).OrGiveUp();

        ValueTask HangOnceAsync(CompletedExchange result, CancellationToken cancellationToken)
        {
            received.Add(result.Line);
            cancellationToken.Register(() => canceled.TrySetResult());
            return received.Count == 1 ? new ValueTask(back.Task) : ValueTask.CompletedTask;
        }
    }

    [Fact]
    public async Task Receiver_ThatBlocksItsThread_IsGivenUpToo()
    {
        using var back = new ManualResetEventSlim();
        var (received, results) = (new List<string>(), new ResultQueue());
        await using var app = await StartAsync(services => services.AddAccio(options => options.ResultTimeout = 1)
            .AddSingleton<IResultReceiver>(new Receiver(BlockOnce))
            .AddSingleton<IResultReceiver>(results));

        await TransferAsync(app, 1);
        Assert.Equal(1, await results.NextSizeAsync());
        await TransferAsync(app, 2);
        Assert.Equal(2, await results.NextSizeAsync());
        Assert.Equal(["1"], received);
        back.Set();
        await Patience.UntilEqual(1, () => _log.Of(ReceiverBack).Count);
        await TransferAsync(app, 3);

        Assert.Equal(3, await results.NextSizeAsync());
        Assert.Equal(["1", "3"], received);
        Assert.Equal(2, _log.Of(ResultUndelivered).Count);
        await app.StopAsync(TestContext.Current.CancellationToken).OrGiveUp();

        ValueTask BlockOnce(CompletedExchange result, CancellationToken cancellationToken)
        {
            received.Add(result.Line);
            back.Wait(CancellationToken.None);
            return ValueTask.CompletedTask;
        }
    }

    [Fact]
    public async Task Stop_WhileAReceiverHangs_LogsItsResult()
    {
        var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var canceled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (var app = await StartAsync(services => services.AddAccio(options => options.ResultTimeout = 3600)
            .Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(0.1))
            .AddSingleton<IResultReceiver>(new Receiver(HangAsync))))
        {
            using var client = await AccioClient.ConnectAsync(PortOf(app));
            await client.TransferUnansweredAsync(5);
            await called.Task.OrGiveUp();

            await app.StopAsync(TestContext.Current.CancellationToken).OrGiveUp();
        }

        await canceled.Task.OrGiveUp();
        Assert.StartsWith("Receiver did not take a result, the server has stopped: ", Assert.Single(_log.Of(ResultUndelivered)), StringComparison.Ordinal);

        async ValueTask HangAsync(CompletedExchange result, CancellationToken cancellationToken)
        {
            await using var registration = cancellationToken.Register(canceled.SetResult);
            called.SetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stop_WhileTheFirstOfSeveralReceiversHangs_GivesTheOthersTheResult(bool block)
    {
        var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var back = new ManualResetEventSlim();
        var (second, third) = (new ResultQueue(), new ResultQueue());
        await using (var app = await StartAsync(services => services.AddAccio(options => options.ResultTimeout = 3600)
            .Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(0.1))
            .AddSingleton<IResultReceiver>(new Receiver(HangAsync))
            .AddSingleton<IResultReceiver>(second)
            .AddSingleton<IResultReceiver>(third)))
        {
            using var client = await AccioClient.ConnectAsync(PortOf(app));
            await client.TransferUnansweredAsync(5);
            await called.Task.OrGiveUp();

            await app.StopAsync(TestContext.Current.CancellationToken).OrGiveUp();
        }

        Assert.Equal(5, await second.NextSizeAsync());
        Assert.Equal(5, await third.NextSizeAsync());
        Assert.StartsWith("Receiver did not take a result, the server has stopped: ", Assert.Single(_log.Of(ResultUndelivered)), StringComparison.Ordinal);
        back.Set();

        ValueTask HangAsync(CompletedExchange result, CancellationToken cancellationToken)
        {
            called.SetResult();
            if (block)
            {
                back.Wait(CancellationToken.None);
                return ValueTask.CompletedTask;
            }

            return new ValueTask(new TaskCompletionSource().Task);
        }
    }

    [Fact]
    public void Delivery_ToBlockingReceivers_StartsNoTimer_AndChangesNoThread()
    {
        var threads = new List<int>();
        var history = new ExchangeHistory(TimeProvider.System);
        using var delivery = new ResultDelivery([new BlockingReceiver(NoteThread), new BlockingReceiver(NoteThread)], TimeSpan.FromSeconds(10), history, new NoTimers(), NullLogger.Instance);
        var result = new ActiveExchange("1", peer: null, TimeProvider.System).End(failure: null);

        Assert.True(delivery.DeliverAsync(result).AsTask().IsCompletedSuccessfully);

        Assert.Equal([Environment.CurrentManagedThreadId, Environment.CurrentManagedThreadId], threads);

        ValueTask NoteThread(CompletedExchange completed, CancellationToken cancellationToken)
        {
            threads.Add(Environment.CurrentManagedThreadId);
            return ValueTask.CompletedTask;
        }
    }

#if !DEBUG
    [Fact]
    public async Task Delivery_ToBlockingReceivers_AllocatesNothing()
    {
        // Without optimization each asynchronous method allocates its state.
        var count = 0;
        var history = new ExchangeHistory(TimeProvider.System);
        using var delivery = new ResultDelivery([new BlockingReceiver(Count), new BlockingReceiver(Count)], TimeSpan.FromSeconds(10), history, new NoTimers(), NullLogger.Instance);
        var result = new ActiveExchange("1", peer: null, TimeProvider.System).End(failure: null);
        await delivery.DeliverAsync(result);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            var delivered = delivery.DeliverAsync(result);
            Assert.True(delivered.IsCompletedSuccessfully);
        }

        // Less than a byte for each: the runtime may allocate a little of its own.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 999);
        Assert.Equal(2002, count);

        ValueTask Count(CompletedExchange completed, CancellationToken cancellationToken)
        {
            count++;
            return ValueTask.CompletedTask;
        }
    }
#endif

    private async Task<WebApplication> StartAsync(Action<IServiceCollection> configure)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(_log);
        configure(builder.Services);
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.ListenAccio(IPAddress.Loopback, 0));
        var app = builder.Build();
        await app.StartAsync(TestContext.Current.CancellationToken).OrGiveUp();
        return app;
    }

    private static int PortOf(WebApplication app) => app.AccioPorts().Single();

    private static async Task TransferAsync(WebApplication app, int size)
    {
        using var client = await AccioClient.ConnectAsync(PortOf(app));
        await client.TransferAsync(size);
    }

    private sealed class Receiver(Func<CompletedExchange, CancellationToken, ValueTask> receive) : IResultReceiver
    {
        public ValueTask ReceiveAsync(CompletedExchange result, CancellationToken cancellationToken) => receive(result, cancellationToken);
    }

    private sealed class BlockingReceiver(Func<CompletedExchange, CancellationToken, ValueTask> receive) : IBlockingReceiver
    {
        public ValueTask ReceiveAsync(CompletedExchange result, CancellationToken cancellationToken) => receive(result, cancellationToken);
    }

    private sealed class NoTimers : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            throw new InvalidOperationException("A timer was started.");
    }
}
