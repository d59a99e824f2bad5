package dev.antiphon.chaos.check;

/// What the demo answers (PROTOCOL.md §6), from the contract and not from the product's code.
final class DemoAnswer {

    private DemoAnswer() {}

    static String to(String message) {
        return "I received your message: '"
                + message
                + "' This is a demo response from the LangGraph workflow service. In a real implementation, this"
                + " would integrate with AI models like GPT-4, Claude, etc. The response is being streamed token"
                + " by token to demonstrate the chunk buffering system.";
    }
}
