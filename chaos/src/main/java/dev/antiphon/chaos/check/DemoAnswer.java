package dev.antiphon.chaos.check;

/// The demo's answer (PROTOCOL.md §6), taken from the contract and not from the product's code.
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
