{# Which neurons fire: Brian2's loop in two parts. The first, without branches, is done for several neurons at once; the
   second only for the few blocks of neurons with one that fires. The condition is computed once per neuron, in order. #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    // scalar code
    const int _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const size_t _size = N, _block = 64;
    char _fires[_block];
    long _count = 0;
    for (size_t _first = 0; _first < _size; _first += _block)
    {
        const size_t _last = _first + _block < _size ? _first + _block : _size;
        int _any = 0;
        for (size_t _idx = _first; _idx < _last; _idx++)
        {
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
            _fires[_idx - _first] = (bool)_cond;
            _any |= (bool)_cond;
        }
        for (size_t _idx = _first; _any && _idx < _last; _idx++)
            if (_fires[_idx - _first])
            {
                {{_eventspace}}[_count++] = _idx;
                {% if _uses_refractory %}
                {{not_refractory}}[_idx] = false;
                {{lastspike}}[_idx] = {{t}};
                {% endif %}
            }
    }
    {{_eventspace}}[_size] = _count;
{% endblock %}
{% block after_code %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    {{_eventspace}}[N] = 0;  // no spikes are left: the last element counts them
{% endblock %}
